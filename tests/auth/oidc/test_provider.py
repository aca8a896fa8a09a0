"""The parts of a sign-in by an issuer that need no issuer."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.errors import InvalidRequest, InvalidToken, IssuerUnavailable, SignInFailed, SignInRefused
from auth.keys import access_tokens
from auth.keys.keyring import signing_key
from auth.oidc.attempts import SECONDS, Attempt, opened, sealed
from auth.oidc.claims import person
from auth.oidc.fetch import FRESH, PAUSE, Kept
from auth.oidc.settings import Issuer
from auth.stores.directory import ADMIN, USER

NOW = 1_790_000_000.0
KEY = signing_key(Ed25519PrivateKey.generate())
PUBLIC = {KEY.kid: KEY.key.public_key()}


def issuer(**settings: Any) -> Issuer:
    return Issuer(name="work", issuer="https://id.example", client_id="tonearm", **settings)


@pytest.mark.parametrize("path", ["/", "/jobs?limit=1&state=converted", "/a/b#c", "/%2F", "/" + "x" * 999])
def test_people_come_back_to_a_path_of_this_site(path: str) -> None:
    assert Attempt.new("work", path, NOW).return_to == path


@pytest.mark.parametrize(
    "path",
    [
        *("", "jobs", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n", "/ /x", "\\\\evil"),
        *("https://evil.example", "javascript:alert(1)", "/a\\b", "/é", "/\x00", "/" + "x" * 1000),
    ],
)
def test_and_never_to_anywhere_else(path: str) -> None:
    with pytest.raises(InvalidRequest):
        Attempt.new("work", path, NOW)


def test_an_attempt_is_read_again_until_it_is_too_old_and_only_if_we_have_signed_it() -> None:
    attempt = Attempt.new("work", "/", NOW)
    text = sealed(attempt, KEY)
    assert len(sealed(Attempt.new("work", "/" + "x" * 999, NOW), KEY)) < 2500
    assert opened(text, PUBLIC, NOW + SECONDS - 1) == attempt
    stranger = sealed(attempt, signing_key(Ed25519PrivateKey.generate())._replace(kid=KEY.kid))
    for shown, then in [(text, NOW + SECONDS), (stranger, NOW), (text[:-4], NOW), ("", NOW), ("a.b.c", NOW)]:
        with pytest.raises(SignInFailed):
            opened(shown, PUBLIC, then)


def test_an_attempt_is_no_access_token_and_an_access_token_no_attempt() -> None:
    now = datetime.fromtimestamp(NOW, UTC)
    with pytest.raises(InvalidToken):
        access_tokens.verify(sealed(Attempt.new("work", "/", NOW), KEY), PUBLIC, now=now)
    access = access_tokens.issue(
        KEY.key,
        access_tokens.Holder(account_id="a", session_id="s", roles=(), scopes=()),
        token_id="t",
        now=now,
        lifetime=60,
    )
    with pytest.raises(SignInFailed):
        opened(access.text, PUBLIC, NOW)


ROLES = {"roles_claim": "groups", "admin_values": "boss, chief", "user_values": "staff"}
NESTED = {"roles_claim": "realm_access.roles", "admin_values": "boss"}


@pytest.mark.parametrize(
    ("settings", "claims", "roles"),
    [
        ({}, {"groups": ["boss"]}, None),
        (ROLES, {"groups": ["boss"]}, (USER, ADMIN)),
        (ROLES, {"groups": ["staff", "chief"]}, (USER, ADMIN)),
        (ROLES, {"groups": ["staff"]}, (USER,)),
        (ROLES, {"groups": "staff"}, (USER,)),
        (ROLES | {"admin_values": ""}, {"groups": ["staff"]}, None),
        (NESTED, {"realm_access": {"roles": ["boss"]}}, (USER, ADMIN)),
        (NESTED, {"realm_access": "boss"}, (USER,)),
        (NESTED, {"realm_access.roles": ["boss"]}, (USER, ADMIN)),
        (NESTED, {}, (USER,)),
    ],
)
def test_roles_are_what_the_claim_says(
    settings: dict[str, str], claims: dict[str, Any], roles: tuple[str, ...] | None
) -> None:
    assert person({"sub": "1"} | claims, issuer(**settings)).roles == roles


@pytest.mark.parametrize("groups", [None, [], ["bos"], "boss,staff", ["BOSS"], {"staff": 1}, [["staff"]]])
def test_who_has_none_of_the_values_is_refused(groups: Any) -> None:
    with pytest.raises(SignInRefused):
        person({"sub": "1", "groups": groups}, issuer(**ROLES))


@pytest.mark.parametrize(
    ("claims", "trusted", "email"),
    [
        ({"email": "Ann@Example.org", "email_verified": True}, False, "ann@example.org"),
        ({"email": "ann@example.org", "email_verified": False}, False, ""),
        ({"email": "ann@example.org", "email_verified": "true"}, False, ""),
        ({"email": "ann@example.org"}, False, ""),
        ({"email": "ann@example.org"}, True, "ann@example.org"),
        ({"email": ["ann@example.org"], "email_verified": True}, False, ""),
        ({"email": "nobody", "email_verified": True}, False, ""),
        ({"email_verified": True}, False, ""),
    ],
)
def test_an_address_counts_if_somebody_vouches_for_it(
    claims: dict[str, Any], trusted: bool, email: str
) -> None:
    found = person({"sub": "1"} | claims, issuer(trust_addresses=trusted))
    assert found.email == email
    assert found.verified == (claims.get("email_verified") is True)


class Publishing:
    """Something an issuer publishes, or does not; how often it was asked."""

    def __init__(self) -> None:
        self.asked, self.up, self.now = 0, True, 1000.0

    async def __call__(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        if not self.up:
            raise IssuerUnavailable("down")
        return self.asked


async def test_what_an_issuer_publishes_is_asked_for_once_by_all_and_again_when_it_is_old() -> None:
    publishing = Publishing()
    kept = Kept(publishing, lambda: publishing.now)
    assert await asyncio.gather(*(kept.get() for _ in range(9))) == [1] * 9
    publishing.now += FRESH
    assert await kept.get() == 2


async def test_unknown_keys_have_it_asked_again_but_not_all_the_time() -> None:
    publishing = Publishing()
    kept = Kept(publishing, lambda: publishing.now)
    assert [await kept.get(fresh=0) for _ in range(5)] == [1] * 5
    publishing.now += PAUSE
    assert [await kept.get(fresh=0) for _ in range(5)] == [2] * 5


async def test_an_issuer_that_is_down_is_not_waited_for_each_time_and_what_it_said_goes_on_to_count() -> None:
    publishing = Publishing()
    publishing.up = False
    kept = Kept(publishing, lambda: publishing.now)
    for _ in range(5):
        with pytest.raises(IssuerUnavailable):
            await kept.get()
    assert publishing.asked == 1
    publishing.up, publishing.now = True, publishing.now + PAUSE
    assert await kept.get() == 2
    publishing.up, publishing.now = False, publishing.now + FRESH
    assert await kept.get() == 2
    publishing.now += 24 * 3600
    with pytest.raises(IssuerUnavailable):
        await kept.get()
