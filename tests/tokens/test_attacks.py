"""The attacks of testers of tokens, against the running gateway: always the same 401, without a reason.

Tokens whose claims are at fault are signed by auth's own key: nobody could show more.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from waiting import wait_for

from auth import opaque
from auth.keys.access_tokens import jwk
from cli.account.rotate_key import rotate
from cli.account.settings import OperatorSettings
from cli.exits import Exit
from cli.main import main
from tests.tokens.conftest import PASSWORD, Site, b64

Attack = Callable[[Site], str]
OTHER = Ed25519PrivateKey.generate()
NOTHING: Callable[[bytes], bytes] = lambda _: b""  # noqa: E731
NUMBERS = {"iat", "exp"}
SOON = 10.0
"""A second of a quiet machine, on one that is not; by itself a token would last for ten minutes."""
CLAIMS = ("iss", "aud", "sub", "iat", "exp", "jti", "sid", "scope", "roles")


def hs(site: Site, form: str) -> Callable[[bytes], bytes]:
    """An HMAC whose secret is the public key, as who mixes up algorithms would check it."""
    public = site.key.public_key()
    secret = {
        "raw": public.public_bytes_raw(),
        "pem": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "jwk": json.dumps(jwk(public)).encode(),
        "empty": b"",
    }[form]
    return lambda text: hmac.new(secret, text, hashlib.sha256).digest()


def twice(site: Site, name: str) -> str:
    claims = site.claims()
    said = json.dumps(claims)[:-1] + f", {json.dumps(name)}: {json.dumps(claims[name])}}}"
    return site.forge(payload=said.encode())


def swapped(site: Site, part: int) -> str:
    """A good token with a part of another one."""
    one, two = site.forge().split("."), site.forge().split(".")
    one[part] = two[part]
    return ".".join(one)


def wrong(name: str) -> Any:
    if name in NUMBERS:
        return str(int(time.time()) + 600)
    return "user" if name == "roles" else ["tonearm"]


HEADS: dict[str, dict[str, Any]] = {
    "typ JWT": {"typ": "JWT"},
    "typ of an ID token": {"typ": "id_token+jwt"},
    "typ of a refresh token": {"typ": "rt+jwt"},
    "typ left out": {"typ": None},
    "typ a list": {"typ": ["at+jwt"]},
    "kid left out": {"kid": None},
    "kid unknown": {"kid": "unknown"},
    "kid empty": {"kid": ""},
    "kid a path": {"kid": "../../../../dev/null"},
    "kid a URL": {"kid": "http://127.0.0.1/key"},
    "kid SQL": {"kid": "' UNION SELECT 'x' --"},
    "kid a command": {"kid": "|/bin/true"},
    "kid a number": {"kid": 0},
    "kid null byte": {"kid": "\0"},
    "kid a list": {"kid": ["x"]},
    "kid an object": {"kid": {"$ne": None}},
    "crit": {"crit": ["exp"]},
    "crit unknown": {"crit": ["x"], "x": 1},
    "b64 false": {"b64": False, "crit": ["b64"]},
    "jku": {"jku": "http://127.0.0.1:1/jwks.json"},
    "x5u": {"x5u": "http://127.0.0.1:1/cert.pem"},
    "x5c": {"x5c": ["MIIB"]},
    "zip": {"zip": "DEF"},
    "cty nested": {"cty": "JWT"},
    "alg none": {"alg": "none"},
    "alg lower case": {"alg": "eddsa"},
    "alg Ed448": {"alg": "Ed448"},
    "alg a list": {"alg": ["EdDSA"]},
    "alg left out": {"alg": None},
}
CHANGES: dict[str, Callable[[int], dict[str, Any]]] = {
    "expired": lambda now: {"exp": 1},
    "expired just now": lambda now: {"exp": now - 1},
    "exp infinite": lambda now: {"exp": float("inf")},
    "exp negative": lambda now: {"exp": -1},
    "issued in the future": lambda now: {"iat": now + 3600, "exp": now + 4000},
    "not yet": lambda now: {"nbf": now + 3600},
    "too long a life": lambda now: {"exp": now + 3700},
    "a life of years": lambda now: {"exp": now + 10**9},
    "aud of another": lambda now: {"aud": "elsewhere"},
    "iss of another": lambda now: {"iss": "elsewhere"},
    "iss with a slash": lambda now: {"iss": "tonearm/"},
    "several aud": lambda now: {"aud": ["tonearm", "elsewhere"]},
    "sub empty": lambda now: {"sub": ""},
    "sub endless": lambda now: {"sub": "a" * 300},
    "sid empty": lambda now: {"sid": ""},
    "roles of objects": lambda now: {"roles": [{"admin": True}]},
    "scope a list": lambda now: {"scope": ["read"]},
}
SIGNED: dict[str, Attack] = {
    "alg none without signature": lambda s: s.forge({"alg": "none"}, sign=NOTHING),
    "alg None": lambda s: s.forge({"alg": "None"}, sign=NOTHING),
    "alg nOnE": lambda s: s.forge({"alg": "nOnE"}, sign=NOTHING),
    "no signature": lambda s: s.forge(sign=NOTHING),
    "signature of nulls": lambda s: s.forge(sign=lambda _: bytes(64)),
    "signature cut": lambda s: s.forge()[:-4],
    "signature longer": lambda s: s.forge() + "AA",
    "signed by another under our kid": lambda s: s.forge(sign=OTHER.sign),
    "rotated-out key": lambda s: s.forge(
        {"kid": jwk(s.rotated_out.public_key())["kid"]}, sign=s.rotated_out.sign
    ),
    "own jwk": lambda s: s.forge({"jwk": jwk(OTHER.public_key())}, sign=OTHER.sign),
    "own jwk and kid": lambda s: s.forge(
        {"jwk": jwk(OTHER.public_key()), "kid": jwk(OTHER.public_key())["kid"]}, sign=OTHER.sign
    ),
    **{
        f"HS256 by the {form}": lambda s, f=form: s.forge({"alg": "HS256"}, sign=hs(s, f))
        for form in ("raw", "pem", "jwk", "empty")
    },
    "RS256": lambda s: s.forge({"alg": "RS256"}, sign=lambda _: bytes(256)),
    "ES256 of nulls": lambda s: s.forge({"alg": "ES256"}, sign=lambda _: bytes(64)),
    "payload of another token": lambda s: swapped(s, 1),
    "signature of another token": lambda s: swapped(s, 2),
    "header twice": lambda s: s.put_together(
        b'{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"' + s.kid.encode() + b'"}',
        json.dumps(s.claims()).encode(),
    ),
    "payload a list": lambda s: s.forge(payload=b"[]"),
    "payload empty": lambda s: s.forge(payload=b""),
    "payload not UTF-8": lambda s: s.forge(payload=b"\xff\xfe"),
    "payload nested": lambda s: s.forge(payload=b'{"a":' * 400 + b"1" + b"}" * 400),
    "longer than 4 kB": lambda s: s.forge(more="x" * 5000),
    "60 kB": lambda s: s.forge(more="x" * 45_000),
}
TEXTS: dict[str, Attack] = {
    "one letter": lambda s: "x",
    "dots": lambda s: "..",
    "three words": lambda s: "a.b.c",
    "two parts": lambda s: s.forge().rpartition(".")[0],
    "four parts": lambda s: s.forge() + ".x",
    "five parts, encrypted": lambda s: f"{b64(b'{}')}.a.b.c.d",
    "not base64": lambda s: s.forge().replace(".", ".*", 1),
    "twice": lambda s: f"{s.forge()} {s.forge()}",
    "quoted": lambda s: f'"{s.forge()}"',
    "JSON": lambda s: json.dumps({"payload": s.forge().split(".")[1]}),
    "a made-up API key": lambda s: opaque.make(opaque.API_KEY),
    "an API key's prefix": lambda s: "tonearm_",
    "an API key with a wrong checksum": lambda s: opaque.make(opaque.API_KEY)[:-1] + "!",
    "a made-up refresh token": lambda s: opaque.make(opaque.REFRESH, opaque.make_family()),
}
ATTACKS: dict[str, Attack] = {
    **{name: lambda s, h=head: s.forge(h) for name, head in HEADS.items()},
    **{name: lambda s, c=changes: s.forge(**c(int(time.time()))) for name, changes in CHANGES.items()},
    **{f"without {name}": lambda s, n=name: s.forge(**{n: None}) for name in CLAIMS},
    **{f"{name} of another type": lambda s, n=name: s.forge(**{n: wrong(n)}) for name in CLAIMS},
    **{f"{name} twice": lambda s, n=name: twice(s, n) for name in CLAIMS},
    **SIGNED,
    **TEXTS,
}


def same(answer: httpx.Response, reference: httpx.Response) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.content == reference.content
    assert answer.headers["www-authenticate"] == reference.headers["www-authenticate"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_there_are_enough() -> None:
    assert len(ATTACKS) >= 60


@pytest.mark.long
async def test_every_attack_has_the_same_answer(site: Site) -> None:
    async with site.client() as client:
        good = await client.get("/jobs", headers={"Authorization": f"Bearer {site.forge()}"})
        assert good.status_code == 200, "the forger's token is good, so each attack has one cause"
        reference = await client.get("/jobs")
        told = []
        for name, attack in ATTACKS.items():
            answer = await client.get("/jobs", headers={"Authorization": f"Bearer {attack(site)}"})
            if (answer.status_code, answer.content) != (401, reference.content):
                told.append((name, answer.status_code, answer.text))
        assert told == []
        for header in ("Basic YTpi", "bearer", "Bearer", "Token x", "Digest a=b"):
            same(await client.get("/jobs", headers={"Authorization": header}), reference)
        cookie = {"Cookie": f"__Host-tonearm={site.forge(exp=1)}"}
        same(await client.get("/jobs", headers=cookie), reference)


async def test_5_mb_are_not_even_read(site: Site) -> None:
    """A header so long ends before us: at the HTTP server, which takes 64 KiB and little more."""
    async with site.client() as client:
        try:
            answer = await client.get("/jobs", headers={"Authorization": "Bearer " + "x" * 5_000_000})
            assert answer.status_code in (400, 401, 431)
        except httpx.TransportError:
            pass
        answer = await client.post("/refresh", content=b'{"refresh_token":"' + b"x" * 5_000_000 + b'"}')
        assert answer.status_code == 413
        assert (await client.get("/health/live")).status_code == 200


async def test_a_refresh_token_that_is_not_good_has_one_answer(site: Site) -> None:
    ann, bob = await site.person(), await site.person()
    mixed = opaque.REFRESH + ann["refresh_token"][9:52] + bob["refresh_token"][52:95]
    async with site.client() as client:
        reference = await client.post("/refresh", json={"refresh_token": "x"})
        shown = [
            "",
            ann["access_token"],
            opaque.make(opaque.API_KEY),
            opaque.make(opaque.REFRESH, opaque.make_family()),
            ann["refresh_token"].swapcase(),
            ann["refresh_token"][:-6],
            mixed + opaque._check(mixed),
        ]
        for each in shown:
            same(await client.post("/refresh", json={"refresh_token": each}), reference)
        same(await client.post("/refresh", json={"refresh_token": ann["refresh_token"]}), reference)
        assert (
            await client.post("/refresh", json={"refresh_token": bob["refresh_token"]})
        ).status_code == 200


async def test_raced_a_refresh_token_brings_one_successor_and_replayed_later_it_ends_the_session(
    site: Site,
) -> None:
    person = await site.person()
    shown = {"refresh_token": person["refresh_token"]}
    async with site.client() as client:
        raced = await asyncio.gather(*(client.post("/refresh", json=shown) for _ in range(6)))
        assert {answer.status_code for answer in raced} == {200}
        assert len({answer.json()["refresh_token"] for answer in raced}) == 1
        second = raced[0].json()
        third = (await client.post("/refresh", json={"refresh_token": second["refresh_token"]})).json()
        site.canaries |= {
            each[kind] for each in (second, third) for kind in ("access_token", "refresh_token")
        }
        replayed = await client.post("/refresh", json=shown)
        assert replayed.status_code == 401
        headers = {"Authorization": f"Bearer {third['access_token']}"}
        reference = await client.get("/jobs")

        async def out() -> bool:
            return (await client.get("/jobs", headers=headers)).status_code == 401

        await wait_for(out, SOON)
        same(await client.get("/jobs", headers=headers), reference)


async def test_signed_out_is_out_soon_here_and_everywhere(site: Site) -> None:
    ann = await site.person()
    async with site.client(ann["access_token"]) as client:
        assert (await client.get("/jobs")).status_code == 200
        shown = {"email": ann["email"], "password": PASSWORD}
        async with site.client() as anew:
            again = (await anew.post("/login", json=shown)).json()
        site.canaries |= {again["access_token"], again["refresh_token"]}
        assert (await client.post("/logout")).status_code == 204

        async def out() -> bool:
            return (await client.get("/jobs")).status_code == 401

        await wait_for(out, SOON)
        async with site.client(again["access_token"]) as other:
            assert (await other.get("/jobs")).status_code == 200
            assert (await other.post("/logout/everywhere")).status_code == 204

            async def out_there() -> bool:
                return (await other.get("/jobs")).status_code == 401

            await wait_for(out_there, SOON)
        same(
            await client.post("/refresh", json={"refresh_token": again["refresh_token"]}),
            await client.post("/refresh", json={"refresh_token": "x"}),
        )


async def test_who_signs_out_of_a_session_that_has_ended_is_rid_of_the_cookies(site: Site) -> None:
    person = await site.person()
    here = {"sec-fetch-site": "same-origin"}
    async with site.client() as page:
        shown = {"email": person["email"], "password": PASSWORD}
        kept = (await page.post("/login?cookies=true", json=shown, headers=here)).headers
        cookies = [each.partition(";")[0] for each in kept.get_list("set-cookie")]
        site.canaries |= {each.partition("=")[2] for each in cookies}
        async with site.client(cookies[0].partition("=")[2]) as elsewhere:
            assert (await elsewhere.post("/logout")).status_code == 204
        answer = await page.post("/logout", headers={**here, "Cookie": "; ".join(cookies)})
    assert answer.status_code == 204
    dropped = answer.headers.get_list("set-cookie")
    assert len(dropped) == 2
    assert all("Max-Age=0" in each for each in dropped)


async def test_one_session_is_ended_from_another_and_an_erased_account_is_gone_with_its_jobs(
    site: Site,
) -> None:
    ann = await site.person()
    shown = {"email": ann["email"], "password": PASSWORD}
    here = {"sec-fetch-site": "same-origin", "user-agent": "Mozilla/5.0 (X11; Linux) Firefox/141.0"}
    async with site.client(ann["access_token"]) as client, site.client() as page:
        job = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        kept = (await page.post("/login?cookies=true", json=shown, headers=here)).headers
        cookies = "; ".join(each.partition(";")[0] for each in kept.get_list("set-cookie"))
        site.canaries |= {each.partition("=")[2] for each in cookies.split("; ")}
        here |= {"cookie": cookies}
        listed = (await page.get("/sessions", headers=here)).json()["items"]
        assert [each["program"] for each in listed] == ["Firefox on Linux", "python-httpx"]
        elsewhere = {"cookie": cookies, "sec-fetch-site": "cross-site"}
        path = f"/sessions/{ann['session_id']}"
        assert (await page.delete(path, headers=elsewhere)).status_code == 403
        assert (await page.delete(path, headers=here)).status_code == 204

        async def out() -> bool:
            return (await client.get("/jobs")).status_code == 401

        await wait_for(out, SOON)
        gone = await page.request("DELETE", "/account", json={"password": PASSWORD}, headers=here)
        assert gone.status_code == 204
        assert all("Max-Age=0" in each for each in gone.headers.get_list("set-cookie"))
        assert (await page.post("/login", json=shown)).status_code == 401

    admin = {"email": "canary-admin@example.com", "password": PASSWORD}
    async with site.client() as operator:
        token = (await operator.post("/login", json=admin)).json()["access_token"]
        operator.headers["Authorization"] = f"Bearer {token}"

        async def deleted() -> bool:
            answer = await operator.get(f"/admin/jobs/{job}")
            return answer.status_code == 410 and answer.json()["reason"] == "account_erased"

        await wait_for(deleted, 30)


async def test_the_ways_in_are_open_to_all_and_only_the_local_stack_calls_itself_so(site: Site) -> None:
    async with site.client() as anybody:
        told = (await anybody.get("/entry")).json()
    assert told.pop("password_rule").startswith("At least 15 characters")
    assert told == {"registration": "open", "verification": False, "providers": {}, "local": False}


async def test_an_api_key_does_what_its_scopes_say_until_it_is_revoked(site: Site) -> None:
    person = await site.person()
    async with site.client(person["access_token"]) as client:
        made = await client.post("/keys", json={"name": "laptop", "scopes": ["read"], "days": 1})
        assert made.status_code == 201, made.text
        site.canaries.add(made.json()["key"])
        async with site.client(made.json()["key"]) as program:
            reads = await asyncio.gather(*(program.get("/jobs") for _ in range(10)))
            assert {answer.status_code for answer in reads} == {200}
            for method, path in (("PUT", "/upload/a.mp4"), ("POST", "/keys"), ("POST", "/logout/everywhere")):
                assert (await program.request(method, path, content=b"x")).status_code == 403
            [listed] = (await client.get("/keys")).json()["items"]
            assert listed["last_used"]
            assert "key" not in listed
            assert (await client.delete(f"/keys/{listed['key_id']}")).status_code == 204

            async def out() -> bool:
                return (await program.get("/jobs")).status_code == 401

            await wait_for(out, SOON)
        assert (await client.get("/keys")).json()["items"] == []


async def test_a_key_is_rotated_under_load_without_one_unexpected_401(site: Site) -> None:
    """By the operator's command, with the lead of seven seconds that this auth has."""
    person = await site.person()
    shown = {"email": person["email"], "password": PASSWORD}
    folder = site.auth.out.parent / "local"
    kids: set[str] = set()
    counts = {"requests": 0}
    deadline = time.monotonic() + 60
    old = person["access_token"]
    async with site.client() as client:

        async def load() -> None:
            while len(kids) < 2 or counts["requests"] <= 20:
                token = (await client.post("/login", json=shown, headers={"Accept": "text/plain"})).text
                kids.add(json.loads(base64_of(token))["kid"])
                for each in (token, old):
                    answer = await client.get("/jobs", headers={"Authorization": f"Bearer {each}"})
                    assert answer.status_code == 200, answer.text
                    counts["requests"] += 1
                assert time.monotonic() < deadline

        async with asyncio.TaskGroup() as tasks:
            for _ in range(3):
                tasks.create_task(load())
            rotate(OperatorSettings(local_dir=str(folder)))
        assert counts["requests"] > 20
        assert len((await client.get(f"{site.auth.url}/.well-known/jwks.json")).json()["keys"]) == 2


def base64_of(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "==")


async def test_the_command_line_makes_lists_and_revokes_keys(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person = await site.person()
    monkeypatch.setenv("TONEARM_EMAIL", person["email"])
    monkeypatch.setenv("TONEARM_PASSWORD", PASSWORD)

    async def keys(*arguments: str, code: int = 0) -> str:
        assert await asyncio.to_thread(main, ["account", "keys", "--url", site.url, *arguments]) == code
        return capsys.readouterr().out.strip()

    key = await keys("create", "backup", "--scope", "upload", "--days", "2")
    site.canaries.add(key)
    async with site.client(key) as program:
        assert (await program.put("/upload/a.mp4", content=b"x")).status_code == 202
    listed = await keys("list")
    assert key not in listed
    key_id, name, scopes, *_ = listed.split()
    assert (name, scopes) == ("backup", "upload")
    await keys("revoke", key_id)
    await keys("list", code=Exit.NOTHING)


async def test_no_secret_and_no_address_of_all_this_was_told(site: Site) -> None:
    """The last test of this file: passwords, tokens, keys and addresses are in no log and in no event."""
    assert await site.told() == []
