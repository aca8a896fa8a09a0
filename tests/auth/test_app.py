import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from auth.accounts.accounts import Accounts
from auth.errors import Busy, DirectoryUnavailable
from auth.stores.mongo.directory import MongoDirectory
from tests.auth.conftest import SERVICE, Site

EMAIL, PASSWORD = "ann@example.com", "a canary: pässword"


@pytest.fixture
async def http(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.client() as client:
        yield client


async def register(http: httpx.AsyncClient, email: str = EMAIL, password: str = PASSWORD) -> Any:
    return await http.post("/register", json={"email": email, "password": password})


def assert_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "instance"}
    assert problem["status"] == status
    return problem


async def test_register_then_sign_in_by_basic_or_json_then_validate(http: httpx.AsyncClient) -> None:
    registered = await register(http)
    assert registered.status_code == 201
    pair = base64.b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()
    by_basic = await http.post("/login", headers={"Authorization": f"Basic {pair}"})
    by_json = await http.post("/login", json={"email": EMAIL, "password": PASSWORD})
    for answer in (by_basic, by_json):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
        told = await http.post("/validate", headers={"Authorization": f"Bearer {body['access_token']}"})
        assert told.status_code == 200
        assert told.json()["roles"] == ["user"]


async def test_the_bare_token_is_given_to_who_asks_for_text(http: httpx.AsyncClient) -> None:
    await register(http)
    answer = await http.post(
        "/login", json={"email": EMAIL, "password": PASSWORD}, headers={"Accept": "text/plain"}
    )
    assert answer.headers["content-type"].startswith("text/plain")
    good = await http.post("/validate", headers={"Authorization": f"Bearer {answer.text}"})
    assert good.status_code == 200


async def test_a_stranger_to_our_code_verifies_a_token_by_the_published_key(
    http: httpx.AsyncClient,
) -> None:
    await register(http)
    token = (await http.post("/login", json={"email": EMAIL, "password": PASSWORD})).json()["access_token"]
    jwks = jwt.PyJWKSet.from_dict((await http.get("/.well-known/jwks.json")).json())
    key = jwks[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False}
    assert jwt.decode(token, key, ["EdDSA"], audience="tonearm", issuer="tonearm", options=options)["jti"]
    assert "d" not in jwks.keys[0]._jwk_data


async def test_a_second_registration_of_an_address_answers_as_the_first_and_changes_nothing(
    http: httpx.AsyncClient,
) -> None:
    first = await register(http)
    second = await register(http, EMAIL.upper(), "quite another password")
    assert (first.status_code, first.content) == (second.status_code, second.content)
    for password, status in ((PASSWORD, 200), ("quite another password", 401)):
        assert (await http.post("/login", auth=(EMAIL, password))).status_code == status


@pytest.mark.parametrize("registration", ["invitation", "closed"])
async def test_registration_can_be_closed(site: Site, registration: str) -> None:
    async with site.client(registration=registration) as http:
        assert_problem(await register(http), 403)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"email": "\\ud800@x", "password": "long enough"}', 400),
        (b'{"x": ' + b"[" * 8000, 400),
        (b"{}", 422),
        (b"[]", 422),
        (b'{"email": 1, "password": "long enough"}', 422),
        (b'{"email": "no address", "password": "long enough"}', 422),
        (b'{"email": "a@example.com", "password": "short"}', 422),
        (b'{"email": "a@example.com", "password": "iloveyouiloveyou"}', 422),
        (b'"' + b"x" * 9000 + b'"', 413),
    ],
)
async def test_a_body_that_cannot_be_is_a_problem_that_repeats_nothing(
    http: httpx.AsyncClient, body: bytes, status: int
) -> None:
    answer = await http.post("/register", content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, status)
    assert "no address" not in answer.text
    assert "long enough" not in answer.text


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"[]", "the body: give a JSON object with email and password"),
        (b'{"emial": "a@example.com", "password": "long enough"}', "email: it is missing"),
        (b'{"email": "a@example.com", "password": 1}', "password: give a text"),
    ],
)
async def test_a_body_that_does_not_fit_names_the_field_and_what_it_takes(
    http: httpx.AsyncClient, body: bytes, detail: str
) -> None:
    answer = await http.post("/register", content=body, headers={"Content-Type": "application/json"})
    assert assert_problem(answer, 422)["detail"] == detail


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic /w==",
        "Digest x",
        "Basic " + "A" * 9000,
    ],
)
async def test_a_malformed_authorization_is_401_and_says_how(
    http: httpx.AsyncClient, authorization: str
) -> None:
    answer = await http.post("/login", headers={"Authorization": authorization})
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_a_wrong_password_and_an_unknown_address_answer_alike(http: httpx.AsyncClient) -> None:
    await register(http)
    wrong = await http.post("/login", json={"email": EMAIL, "password": "wrong canary password"})
    unknown = await http.post("/login", json={"email": "x@example.com", "password": "wrong canary password"})
    assert assert_problem(wrong, 401) == assert_problem(unknown, 401)


async def test_a_page_that_signs_in_with_json_is_spared_the_browsers_dialog(http: httpx.AsyncClient) -> None:
    by_json = await http.post("/login", json={"email": EMAIL, "password": "wrong canary password"})
    by_basic = await http.post("/login", auth=(EMAIL, "wrong canary password"))
    with_nothing = await http.post("/login")
    assert_problem(with_nothing, 401)
    assert_problem(await http.post("/logout"), 401)
    assert by_json.headers["www-authenticate"].startswith("Bearer")
    assert by_basic.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer x", "Bearer " + "x" * 5000, "Basic eDp4"])
async def test_validate_refuses_what_is_no_token(http: httpx.AsyncClient, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = await http.post("/validate", headers=headers)
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer ")


async def test_validate_refuses_an_expired_token(http: httpx.AsyncClient, clock: Any) -> None:
    await register(http)
    token = (await http.post("/login", json={"email": EMAIL, "password": PASSWORD})).json()["access_token"]
    clock.now += timedelta(seconds=601)
    assert_problem(await http.post("/validate", headers={"Authorization": f"Bearer {token}"}), 401)


async def test_the_services_learn_an_address_and_nobody_else_does(
    http: httpx.AsyncClient, site: Site, directory: MongoDirectory
) -> None:
    await register(http)
    found = await directory.by_email(EMAIL)
    assert found is not None
    account_id = found.account_id
    token = (await http.post("/login", json={"email": EMAIL, "password": PASSWORD})).json()["access_token"]
    path = f"/accounts/{account_id}"
    answer = await http.get(path, headers=SERVICE)
    told = answer.json()
    assert told.pop("unsubscribe").startswith("tonearmu_")
    assert told == {"account_id": account_id, "email": EMAIL, "mails": "all", "links": False}
    assert_problem(await http.get("/accounts/nobody", headers=SERVICE), 404)
    for wrong in ({}, {"Authorization": f"Bearer {token}"}, {"Authorization": "Bearer between-servicesx"}):
        assert_problem(await http.get(path, headers=wrong), 401)
    async with site.client(service_token="") as closed:
        assert_problem(await closed.get(path, headers={"Authorization": "Bearer "}), 401)
        assert_problem(await closed.get(path, headers=SERVICE), 401)


async def test_unknown_paths_and_methods_are_problems_too(http: httpx.AsyncClient) -> None:
    assert assert_problem(await http.get("/nowhere?token=x"), 404)["instance"] == "/nowhere"
    answer = await http.get("/login")
    assert_problem(answer, 405)
    assert "POST" in answer.headers["allow"]


async def test_what_nobody_expected_is_a_500_without_our_insides(
    http: httpx.AsyncClient, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(accounts._directory, "by_email", broken)
    answer = await http.post("/login", json={"email": EMAIL, "password": PASSWORD})
    assert_problem(answer, 500)
    assert "secret" not in answer.text


@pytest.mark.parametrize("error", [Busy("full"), DirectoryUnavailable("mongodb://inside:1 timed out")])
async def test_trouble_of_ours_is_503_with_a_time_to_come_back(
    http: httpx.AsyncClient, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def away(*_: Any) -> None:
        raise error

    monkeypatch.setattr(accounts._directory, "by_email", away)
    answer = await http.post("/login", json={"email": EMAIL, "password": PASSWORD})
    assert_problem(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1
    assert "inside" not in answer.text


async def test_health_says_what_is_missing(http: httpx.AsyncClient, site: Site) -> None:
    assert (await http.get("/health/live")).status_code == 200
    assert (await http.get("/health/ready")).status_code == 200
    site.missing = "the broker is away"
    assert (await http.get("/health/live")).status_code == 200
    answer = await http.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["publisher"]
    assert answer.json()["detail"] == "publisher: the broker is away"
