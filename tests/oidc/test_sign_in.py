"""Signing in by a real provider: who gets in, and as whom; what attackers send and a lying provider signs."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import pytest
from waiting import wait_for

from events.types import AccountErased, AccountRegistered, AccountRevoked, AccountSignedIn
from tests.oidc.conftest import ATTEMPT, OWN, PUBLIC, REFRESH, SESSION, Browser, Site

pytestmark = pytest.mark.long  # the provider is a whole server; `tests/auth/oidc` shows the rules


async def test_who_signs_in_at_the_provider_has_an_account_and_a_session(
    site: Site, browser: Browser
) -> None:
    asked = parse_qs(urlsplit(await browser.leave(return_to="/jobs?limit=1")).query)
    assert asked["redirect_uri"] == [f"{PUBLIC}/login/oidc/work/callback"]
    assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == len(asked["code_challenge"][0]) == 43
    begun = browser.cookies[ATTEMPT]
    assert (begun["secure"], begun["httponly"], begun["samesite"].lower()) == (True, True, "lax")

    answer = await browser.sign_in("ann", return_to="/jobs?limit=1")
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/jobs?limit=1"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert set(browser.cookies) == {SESSION, REFRESH}
    assert browser.cookies[REFRESH]["samesite"].lower() == "strict"
    assert (await browser.get("/jobs")).status_code == 200
    assert (await browser.request("POST", "/refresh", headers=OWN)).status_code == 200

    account = await browser.account()
    payloads = await told(site, account, AccountSignedIn)
    assert [type(each) for each in payloads] == [AccountRegistered, AccountSignedIn]
    assert isinstance(payloads[1], AccountSignedIn)
    assert payloads[1].provider == "work"


async def told(site: Site, account: str, last: type[Any]) -> list[Any]:
    """What the log tells of an account, once the last of it has come: that may be after the answer."""

    async def all_of_it() -> list[Any]:
        payloads = [event.payload() for event in await site.events() if event.subject == account]
        return payloads if payloads and isinstance(payloads[-1], last) else []

    found: list[Any] = await wait_for(all_of_it)
    return found


async def test_the_same_person_has_the_same_account_whatever_their_address_is_by_now(
    site: Site, browser: Browser
) -> None:
    assert (await browser.sign_in("bob")).status_code == 303
    account = await browser.account()
    site.work.tells("bob", email="bob.renamed@example.org", email_verified=False)
    assert (await browser.sign_in("bob")).status_code == 303
    assert await browser.account() == account


async def test_a_session_makes_an_api_key_which_programs_use(site: Site, browser: Browser) -> None:
    await browser.sign_in("ann")
    made = await browser.request("POST", "/keys", json={"name": "a", "scopes": ["read"]}, headers=OWN)
    assert made.status_code == 201, made.text
    async with httpx.AsyncClient(base_url=site.gateway.url) as client:
        headers = {"Authorization": f"Bearer {made.json()['key']}"}
        assert (await client.get("/jobs", headers=headers)).status_code == 200


async def test_who_has_no_password_erases_the_account_soon_after_a_sign_in(
    site: Site, browser: Browser
) -> None:
    await browser.sign_in("lea")
    account = await browser.account()
    shown = (await browser.get("/account")).json()
    assert (shown["account_id"], shown["has_password"], shown["providers"]) == (account, False, ["work"])
    assert (await browser.request("DELETE", "/account", headers=OWN)).status_code == 204
    assert set(browser.cookies) == set()
    payloads = await told(site, account, AccountRevoked)
    assert [type(each) for each in payloads][-2:] == [AccountErased, AccountRevoked]
    await browser.sign_in("lea")
    assert await browser.account() != account


async def test_an_account_without_a_password_refuses_one_as_if_it_were_not_there(
    site: Site, browser: Browser
) -> None:
    await browser.sign_in("ann")
    async with httpx.AsyncClient(base_url=site.gateway.url) as client:
        refused = [
            await client.post("/login", json={"email": email, "password": password})
            for email in ("ann@example.org", "nobody@example.org")
            for password in ("", "canary of the password kind")
        ]
    assert {answer.status_code for answer in refused} == {401}
    assert len({answer.content for answer in refused}) == 1


async def test_an_account_with_the_address_is_not_given_away_unless_the_operator_said_so(
    site: Site, browser: Browser
) -> None:
    account = await site.register("cid")
    refused = await browser.sign_in("cid")
    assert refused.status_code == 403
    assert "sign in to it as you did before" in refused.json()["detail"]

    site.other.tells("cid", email_verified=False)
    assert (await browser.sign_in("cid", "other")).status_code == 403
    site.other.tells("cid", email_verified="true")  # not the word of JSON
    assert (await browser.sign_in("cid", "other")).status_code == 403
    assert SESSION not in browser.cookies
    site.other.tells("cid", email_verified=True)
    assert (await browser.sign_in("cid", "other")).status_code == 303
    assert await browser.account() == account


async def test_an_invitation_is_taken_up_by_who_has_the_address_at_a_provider(
    site: Site, browser: Browser
) -> None:
    account = await site.register("dan", verified=False)
    assert (await browser.sign_in("dan")).status_code == 303
    assert await browser.account() == account


async def test_an_administrators_invitation_is_taken_up_only_where_the_operator_lets_accounts_be_linked(
    site: Site, browser: Browser
) -> None:
    account = await site.register("kim", "admin", verified=False)
    assert (await browser.sign_in("kim")).status_code == 403
    assert (await browser.sign_in("kim", "other")).status_code == 303
    assert await browser.account() == account


async def test_strangers_get_no_account_where_registration_is_closed(browser: Browser) -> None:
    refused = await browser.sign_in("eve", "other")
    assert refused.status_code == 403
    assert "no account" in refused.json()["detail"]


async def test_an_address_that_nobody_vouches_for_makes_no_account(site: Site, browser: Browser) -> None:
    site.work.tells("eve", email_verified=False)
    refused = await browser.sign_in("eve")
    assert refused.status_code == 403
    assert "did not vouch" in refused.json()["detail"]


async def test_roles_follow_the_claim_and_one_that_is_taken_away_ends_what_was_signed_in(
    site: Site, browser: Browser, attacker: Browser
) -> None:
    site.work.tells("fay", groups=["staff", "chief"])
    await browser.sign_in("fay")
    made = await browser.request(
        "POST", "/keys", json={"name": "all", "scopes": ["read", "admin"]}, headers=OWN
    )
    assert made.status_code == 201, made.text
    async with httpx.AsyncClient(
        base_url=site.gateway.url, headers={"Authorization": f"Bearer {made.json()['key']}"}
    ) as program:
        assert (await program.get("/jobs")).status_code == 200
        site.work.tells("fay", groups=["staff"])
        elsewhere = attacker
        assert (await elsewhere.sign_in("fay")).status_code == 303

        async def void() -> bool:
            return (await browser.get("/jobs")).status_code == (await program.get("/jobs")).status_code == 401

        await wait_for(void)
        assert (await elsewhere.get("/jobs")).status_code == 200
        made = await elsewhere.request(
            "POST", "/keys", json={"name": "all", "scopes": ["read", "admin"]}, headers=OWN
        )
        assert made.status_code == 422
    site.work.tells("fay", groups=["strangers"])
    refused = await browser.sign_in("fay")
    assert refused.status_code == 403
    assert "group" in refused.json()["detail"]


async def test_what_the_id_token_leaves_out_is_looked_up(site: Site, browser: Browser) -> None:
    try:
        site.work.lies(without=["email", "email_verified", "groups"])
        assert (await browser.sign_in("gus")).status_code == 303
    finally:
        site.work.lies()


async def test_two_first_sign_ins_at_once_are_one_account(
    site: Site, browser: Browser, attacker: Browser
) -> None:
    ways = [await browser.away("hal"), await attacker.away("hal")]
    import asyncio

    answers = await asyncio.gather(browser.get(ways[0]), attacker.get(ways[1]))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert await browser.account() == await attacker.account()


async def test_providers_are_listed_for_a_page(browser: Browser) -> None:
    listed = (await browser.get("/login/oidc")).json()
    assert listed == {"work": "Work & play", "other": "other", "typo": "typo", "down": "down"}


def changed(url: str, **query: str | None) -> str:
    """The address with other parameters; None takes one out."""
    parts = urlsplit(url)
    found = dict(parse_qsl(parts.query)) | query
    return urlunsplit(parts._replace(query=urlencode({k: v for k, v in found.items() if v is not None})))


def assert_refused(answer: httpx.Response, browser: Browser) -> None:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["detail"] == "the sign-in was not completed, or took too long; begin it again"
    assert not {SESSION, ATTEMPT} & set(browser.cookies)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda url: changed(url, state=None), id="no state"),
        pytest.param(lambda url: changed(url, state="x" * 43), id="another state"),
        pytest.param(lambda url: changed(url, iss=None), id="no issuer, where it says that it names itself"),
        pytest.param(lambda url: changed(url, iss="https://evil.example"), id="mix-up: another issuer"),
        pytest.param(lambda url: url.replace("/work/", "/other/"), id="mix-up: another provider's address"),
        pytest.param(lambda url: changed(url, code=None), id="no code"),
        pytest.param(lambda url: changed(url, code="x" * 48), id="a made-up code"),
        pytest.param(lambda url: changed(url, code=None, error="access_denied"), id="the person said no"),
        pytest.param(lambda url: changed(url, error="x" * 3000), id="an error beside a code"),
    ],
)
async def test_an_answer_that_is_not_the_one_to_this_attempt_is_refused(
    browser: Browser, change: Callable[[str], str]
) -> None:
    assert_refused(await browser.get(change(await browser.away("ida"))), browser)


async def test_an_answer_counts_once(browser: Browser) -> None:
    url = await browser.away("ida")
    attempt = browser.cookies[ATTEMPT]
    assert (await browser.get(url)).status_code == 303
    browser.cookies.clear()
    assert_refused(await browser.get(url), browser)
    browser.cookies[ATTEMPT] = attempt  # whoever has that, too, has a code that was used
    assert_refused(await browser.get(url), browser)


async def test_who_tries_out_codes_waits_before_the_issuer_is_asked_again(browser: Browser) -> None:
    url = changed(await browser.away("ida"), code="x" * 48)
    attempt = browser.cookies[ATTEMPT]
    for _ in range(5):
        assert_refused(await browser.get(url), browser)
        browser.cookies[ATTEMPT] = attempt
    refused = await browser.get(url)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")


async def test_nobody_is_signed_in_as_somebody_else_by_a_link(browser: Browser, attacker: Browser) -> None:
    """Login CSRF: the victim follows the attacker's answer, with an attempt of its own or without."""
    theirs = await attacker.away("joe")
    assert_refused(await browser.get(theirs), browser)
    await browser.leave()
    assert_refused(await browser.get(theirs), browser)


async def test_a_stolen_code_is_of_no_use_in_another_browser(browser: Browser, attacker: Browser) -> None:
    """PKCE and nonce: the attacker puts the victim's code into an answer to its own attempt."""
    code = dict(parse_qsl(urlsplit(await browser.away("ida")).query))["code"]
    theirs = await attacker.away("joe")
    assert_refused(await attacker.get(changed(theirs, code=code)), attacker)


NOW = int(time.time())
LIES: dict[str, dict[str, Any]] = {
    "unsigned": {"header": {"alg": "none"}, "key": "none"},
    "the public key as a secret": {"header": {"alg": "HS256"}, "key": "public as secret"},
    "signed by another key": {"key": "another"},
    "signed by a key that is not published": {"header": {"kid": "another"}, "key": "another"},
    "an access token": {"header": {"typ": "at+jwt"}},
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "for another client": {"claims": {"aud": "another"}},
    "for several, and not said for which": {"claims": {"aud": ["tonearm: client", "another"]}},
    "for several, used by another": {"claims": {"aud": ["tonearm: client", "another"], "azp": "another"}},
    "expired": {"claims": {"exp": NOW - 120}},
    "issued long ago": {"claims": {"iat": NOW - 7200, "exp": NOW + 7200}},
    "issued tomorrow": {"claims": {"iat": NOW + 86400, "exp": NOW + 90000}},
    "of another attempt": {"claims": {"nonce": "x" * 43}},
    "of no attempt": {"without": ["nonce"]},
    "with another access token": {"claims": {"at_hash": "x" * 22}},
    "of nobody": {"without": ["sub"]},
    "of an empty name": {"claims": {"sub": ""}},
    "of an endless name": {"claims": {"sub": "x" * 256}},
    "of a name with line ends": {"claims": {"sub": "ida\nadmin"}},
    "of a name that ends with a blank": {"claims": {"sub": "ida "}},
    "of a number": {"claims": {"sub": 1}},
    "for ever": {"claims": {"exp": "never"}},
    "of megabytes": {"claims": {"groups": ["staff"] * 50_000}},
}


@pytest.fixture
def liar(site: Site) -> Iterator[Callable[..., None]]:
    yield site.work.lies
    site.work.lies()


@pytest.mark.parametrize("lies", LIES.values(), ids=LIES.keys())
async def test_an_id_token_that_is_not_for_us_and_now_signs_nobody_in(
    browser: Browser, liar: Callable[..., None], lies: dict[str, Any]
) -> None:
    liar(**lies)
    answer = await browser.sign_in("joe")
    if lies == LIES["of megabytes"]:
        assert answer.status_code == 503
    else:
        assert_refused(answer, browser)
    assert SESSION not in browser.cookies


async def test_a_claim_for_several_is_good_if_it_was_issued_to_us(
    browser: Browser, liar: Callable[..., None]
) -> None:
    liar(claims={"aud": ["tonearm: client", "another"], "azp": "tonearm: client"})
    assert (await browser.sign_in("joe")).status_code == 303


@pytest.mark.parametrize("return_to", ["https://evil.example", "//evil.example", "/\\evil.example", "x"])
async def test_nobody_is_sent_on_to_another_site(browser: Browser, return_to: str) -> None:
    answer = await browser.get("/login/oidc/work", params={"return_to": return_to})
    assert answer.status_code == 422
    assert "location" not in answer.headers


async def test_a_browser_is_told_in_a_page_that_holds_nothing_of_the_request(browser: Browser) -> None:
    query = urlencode({"state": "<script>1</script>", "error": "<script>2</script>"})
    answer = await browser.get(
        f"/login/oidc/work/callback?{query}", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "begin it again" in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize("provider", ["nobody", "work%2Fbegin", "WORK"])
async def test_a_provider_that_is_not_there_is_404(browser: Browser, provider: str) -> None:
    assert (await browser.get(f"/login/oidc/{provider}")).status_code == 404


async def test_an_issuer_that_is_down_or_is_not_the_one_we_know_costs_nobody_else_anything(
    site: Site, browser: Browser
) -> None:
    async with httpx.AsyncClient(base_url=site.gateway.url, timeout=30) as client:
        asked = [client.get(f"/login/oidc/{name}") for name in ("down", "typo") for _ in range(12)]
        signed_in, *answers = await asyncio.gather(browser.sign_in("ida"), *asked)
    assert signed_in.status_code == 303
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
    assert "calls itself" in site.auth.out.read_text()


async def test_an_account_that_is_closed_stays_so(site: Site, browser: Browser) -> None:
    await browser.sign_in("joe")
    account = await browser.account()
    await site.disable(account)
    refused = await browser.sign_in("joe")
    assert refused.status_code == 403
    assert "closed" in refused.json()["detail"]


async def test_no_secret_and_no_address_of_all_this_was_told(site: Site) -> None:
    """The last test of this file: codes, states, tokens, secrets and addresses are in no log and no event."""
    told = site.auth.out.read_text() + repr(site.gateway.lines) + repr(await site.events())
    canaries = [value for value in site.sent if len(value) > 20] + ["canary", "@example.org"]
    assert len(canaries) > 50
    assert [canary for canary in canaries if canary in told] == []
