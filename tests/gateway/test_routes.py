"""Every route of the application, called with no token, a bad one, and another account's."""

import asyncio
import os
from http import HTTPStatus
from time import time
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from waiting import wait_for

from events.ids import new_id
from gateway.app import litestar_app
from gateway.schemas import parts_of_nothing
from tests.gateway.running import FakeAuth, Gateway, gateway_running

OPEN_TO_ALL = {
    "/",
    "/device",
    "/entry",
    "/f/{file}",
    "/f/{token}/{file}",
    "/f/{token}/{job_id}/chapters.json",
    "/f/{token}/{job_id}/cover",
    "/f/{token}/{job_id}/transcripts/{name}",
    "/l/{token}",
    "/l/{token}/cover",
    "/login",
    "/login/device",
    "/login/device/token",
    "/login/oidc",
    "/login/oidc/{provider}",
    "/login/oidc/{provider}/callback",
    "/register",
    "/register/confirm",
    "/password/forgot",
    "/password/reset",
    "/refresh",
    "/session",
    "/page/{version}/{path}",
    "/unsubscribe",
    "/logout",
    "/manifest.webmanifest",
    "/service-worker.js",
    "/share",
    "/health/live",
    "/health/ready",
    "/options",
    "/problems",
    "/problems/{name}",
    "/schema",
    "/schema/assets/{name}",
    "/schema/openapi.json",
    "/schema/openapi.yaml",
}


def guarded_routes() -> list[tuple[str, str]]:
    """Every route of the app that is not open to all, however new."""
    return [
        (method, route.path_format)
        for route in litestar_app(parts_of_nothing()).routes
        for method in sorted(route.methods - {"OPTIONS"})  # type: ignore[union-attr]
        if route.path_format not in OPEN_TO_ALL
    ]


ROUTES = guarded_routes()


def test_there_are_guarded_routes() -> None:
    assert ("HEAD", "/jobs/{job_id}/audio") in ROUTES
    assert ("PUT", "/upload/{filename}") in ROUTES
    assert len(ROUTES) >= 10


class Filling(dict[str, str]):
    """What stands for each part of a path: the job's id for every other id, a letter for the rest."""

    def __missing__(self, name: str) -> str:
        return self["job_id"] if name.endswith("_id") else name[0]


def path(route: str, job_id: str) -> str:
    parts = {"filename": "a.mp4", "key_id": "k", "session_id": "s", "archive_id": "a"}
    parts["link_id"] = f"{job_id}-0123456789ab"
    filled = route.format_map(Filling(parts, job_id=job_id))
    asks = {"/download": "fid", "/archive.zip": "job"}.get(route)
    return f"{filled}?{asks}={job_id}" if asks else filled


@pytest.mark.parametrize(("method", "route"), ROUTES)
async def test_nobody_gets_in_without_a_token_that_is_good(gateway: Gateway, method: str, route: str) -> None:
    auth, account = gateway.auth, new_id()
    now = int(time())
    unsigned = jwt.encode({"sub": account, "exp": now + 60}, "", algorithm="none")
    bad = {
        "none": None,
        "another scheme": "Digest eDp5",
        "empty": "Bearer",
        "expired": f"Bearer {auth.token(account, iat=now - 700, exp=now - 60)}",
        "without an end": f"Bearer {auth.token(account, exp=None)}",
        "of another issuer": f"Bearer {auth.token(account, iss='somebody')}",
        "for another audience": f"Bearer {auth.token(account, aud='somebody')}",
        "of another type": f"Bearer {auth.token(account, typ='JWT')}",
        "by an unknown key": f"Bearer {auth.token(account, kid='unknown')}",
        "forged": f"Bearer {auth.token(account, key=Ed25519PrivateKey.generate())}",
        "unsigned": f"Bearer {unsigned}",
        "endless": f"Bearer {'x' * 50_000}",
    }
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        for kind, value in bad.items():
            headers = {} if value is None else {"Authorization": value}
            answer = await client.request(method, path(route, new_id()), headers=headers)
            assert answer.status_code == 401, (kind, answer.text)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            if method != "HEAD":
                assert answer.headers["content-type"] == "application/problem+json"
                assert value is None or len(value) < 20 or value[-20:] not in answer.text


@pytest.mark.parametrize(
    ("method", "route"),
    [each for each in ROUTES if "job_id" in each[1] and not each[1].startswith("/admin/")]
    + [("GET", "/download"), ("HEAD", "/download")],
)
async def test_another_users_job_is_not_there(
    gateway: Gateway, account: str, method: str, route: str
) -> None:
    async with gateway.as_(account) as owner:
        job_id = (await owner.put("/upload/a.mp4", content=b"video")).json()["job_id"]
    async with gateway.as_(new_id()) as stranger, gateway.as_(new_id(), roles=("user", "admin")) as admin:
        for client in (stranger, admin):
            theirs = await client.request(method, path(route, job_id))
            unknown = await client.request(method, path(route, new_id()))
            assert (theirs.status_code, unknown.status_code) == (404, 404)
            if method == "GET":
                assert theirs.json()["detail"] == unknown.json()["detail"]
                assert theirs.json()["title"] == unknown.json()["title"]


async def test_no_route_overlooks_a_parameter_that_it_does_not_know(gateway: Gateway, account: str) -> None:
    app = litestar_app(parts_of_nothing())
    tried = 0
    async with gateway.as_(account, scope="read upload manage account operate admin") as client:
        job_id = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        for route in app.routes:
            for method in route.methods - {"OPTIONS"}:  # type: ignore[union-attr]
                if route.path_format.startswith(("/f/", "/l/")):  # apps and chats put their own behind it
                    continue
                if route.path_format.endswith(("/callback", "/share")):  # others may send what they like
                    continue
                where = path(route.path_format, job_id)
                answer = await client.request(
                    method, where, params={**dict(parse_qsl(urlsplit(where).query)), "limmit": "1"}
                )
                tried += 1
                if where == "/options/check":  # faults are what it is asked for
                    assert [each["name"] for each in answer.json()["faults"]] == ["limmit"]
                    continue
                assert answer.status_code == 422, (method, where, answer.text)
                if method != "HEAD":
                    assert answer.json()["type"] in ("/problems/bad-parameters", "/problems/bad-options")
                    assert [each["name"] for each in answer.json()["errors"]] == ["limmit"]
    assert tried > 30


async def test_allow_names_the_methods_that_a_route_has(gateway: Gateway, account: str) -> None:
    every = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}
    async with gateway.as_(account, scope="read upload manage account operate admin") as client:
        for route in litestar_app(parts_of_nothing()).routes:
            where = path(route.path_format, new_id())
            methods = route.methods | ({"HEAD"} if "GET" in route.methods else set())  # type: ignore[union-attr]
            options = await client.options(where)
            assert options.is_success, where
            assert options.content == b"", where
            assert set(options.headers["allow"].split(", ")) == methods, where
            refused = await client.request(min(every - methods), where)
            assert refused.status_code == 405, where
            assert set(refused.headers["allow"].split(", ")) == methods, where


async def test_every_error_is_a_problem(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        answers = [
            (404, await client.get("/nothing/here")),
            (405, await client.delete("/jobs")),
            (422, await client.get("/jobs?limit=0")),
            (422, await client.get("/jobs?limit=201")),
            (422, await client.get("/jobs?state=dreaming")),
            (422, await client.get("/jobs?cursor=zzz")),
            (422, await client.get("/download")),
            (422, await client.get("/jobs?limit=1&limit=2")),
            (422, await client.post("/login?cookies=perhaps", headers={"Sec-Fetch-Site": "same-origin"})),
            (404, await client.get("/jobs/not-an-id")),
            (404, await client.get("/jobs/%C3%BC%20%22%3C")),
            (413, await client.post("/login", content=bytes(20_000))),
        ]
    for status, answer in answers:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert problem["instance"] == answer.request.url.raw_path.decode().partition("?")[0]
        assert problem["type"].startswith("/problems/")
        assert problem["title"]
        assert problem["detail"] != HTTPStatus(status).phrase, "the framework's words say nothing more"
    assert answers[1][1].headers["allow"]
    [missing] = answers[6][1].json()["errors"]
    assert (missing["name"], missing["detail"]) == ("fid", "give a value")
    assert answers[4][1].json()["detail"].startswith("state: ")
    assert [each["name"] for each in answers[4][1].json()["errors"]] == ["state"]


async def test_signing_in_is_handed_to_auth_and_its_answer_handed_back(gateway: Gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, auth=("a@b.c", "secret")) as client:
        answer = await client.post("/login", json={"n": 1})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.headers["content-type"] == "application/problem+json"
    head, body = gateway.auth.posted[-1]
    assert head.startswith("POST /login ")
    assert "authorization: basic " in head.lower()
    assert body == b'{"n":1}'


async def test_the_short_address_of_a_code_leads_to_the_page_with_a_slash_at_its_end_too(
    gateway: Gateway,
) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        for typed in ("/device", "/device/"):
            answer = await client.get(typed)
            assert answer.next_request is not None
            assert answer.next_request.url.raw_path == b"/", "or the browser goes round for ever"
            assert answer.next_request.url.fragment == "/device"


async def test_tokens_stay_good_while_auth_is_away(broker: object, mongodb_url: str, account: str) -> None:
    auth = FakeAuth()
    async with gateway_running(broker, mongodb_url, auth) as gateway, gateway.as_(account) as client:
        assert (await client.get("/jobs")).status_code == 503
        async with await asyncio.start_server(auth.handle, "127.0.0.1", auth.port):

            async def good() -> bool:
                return (await client.get("/jobs")).status_code == 200

            await wait_for(good)
        assert (await client.get("/jobs")).status_code == 200
        unknown = {"Authorization": f"Bearer {auth.token(account, kid='new')}"}
        assert (await client.get("/jobs", headers=unknown)).status_code == 401
        assert (await client.post("/login")).status_code == 503


async def test_metrics_name_routes_and_no_ids_and_are_not_for_the_world(
    gateway: Gateway, account: str
) -> None:
    job_id = new_id()
    async with gateway.as_(account) as client:
        await client.put("/upload/secret-name.mp4", content=os.urandom(10))
        await client.get(f"/jobs/{job_id}")
        assert (await client.get("/metrics")).status_code == 404
    text = await gateway.metrics()
    assert 'http_route="/jobs/{job_id}"' in text
    assert 'tonearm_uploads_total{outcome="accepted"}' in text
    assert not any(told in text for told in ("secret-name", job_id, account))


async def test_a_second_process_on_the_port_is_told_so(gateway: Gateway) -> None:
    second = Gateway(gateway.broker, gateway.mongodb_url, gateway.auth, GATEWAY_PORT=str(gateway.port))
    assert await second.ends() == 1
    assert "cannot listen" in second.lines[-1]["error"]
