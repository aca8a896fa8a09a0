import io
import json
import unicodedata
from contextlib import suppress
from time import monotonic, process_time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from auth.accounts.accounts import Accounts
from auth.accounts.letter_requests import LetterRequests
from auth.accounts.operator_changes import OperatorChanges
from auth.addresses import account_of, registrable, remark, spellings
from auth.errors import AlreadyRegistered, InvalidRequest
from auth.oidc.claims import person
from auth.oidc.settings import Issuer
from auth.stores.directory import normalised
from auth.stores.mongo.directory import MongoDirectory
from cli.account.foreign_table import Row
from cli.account.import_table import address
from tests.auth.stores.test_directories import an_account


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  A.B@Example.COM ", "a.b@example.com"), ("admin@localhost", "admin@localhost"), ("é@x.fr", "é@x.fr")],
)
def test_addresses_are_compared_without_case(typed: str, kept: str) -> None:
    assert normalised(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a",
        "@x",
        "a@",
        "a@b@c",
        "a b@x",
        "a@x\r\nBcc: b@x",
        "a@x\0",
        "<a@x>",
        "a,b@x",
        "a" * 65 + "@x",
        "a@" + "x" * 260,
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest):
        normalised(typed)


def test_an_endless_address_is_refused_at_once() -> None:
    began = process_time()
    with pytest.raises(InvalidRequest):
        normalised("a" + "\u0315\u0300" * 30_000 + "@x")
    assert process_time() - began < 0.1


PASSWORD = "a canary password"
ISSUER = Issuer(name="a", issuer="https://a", client_id="tonearm")
UNFIT = {
    "a direction mark": "ann\u202e@example.org",
    "a mark in the domain": "ann@exam\u200fple.org",
    "a zero-width space": "an\u200bn@example.org",
    "a zero-width joiner": "an\u200dn@example.org",
    "a soft hyphen in the domain": "ann@exam\u00adple.org",
    "a byte order mark": "ann@example.org\ufeff.org",
    "a blank of Braille": "an\u2800n@example.org",
    "a filler": "an\u3164n@example.org",
    "a variation selector": "ann\ufe0f@example.org",
    "a joiner of graphemes": "an\u034fn@example.org",
    "a control character": "an\x9bn@example.org",
    "two dots": "ann..b@example.org",
    "two dots in the domain": "ann@example..org",
    "a dot at the beginning": ".ann@example.org",
    "a dot at the end": "ann.@example.org",
    "a dot at the very end": "ann@example.org.",
    "a wide blank": "an\u3000n@example.org",
    "a lone accent": "\u0301ann@example.org",
    "a private character": "ann\ue000@example.org",
    "no domain of IDNA": "ann@xn--a.org",
    "a domain that reads both ways": "ann@1.\u05d0\u05d1.org",
}


@pytest.mark.parametrize("email", UNFIT.values(), ids=UNFIT)
async def test_what_is_not_seen_or_is_no_dot_atom_registers_nowhere(
    email: str, accounts: Accounts, letter_requests: LetterRequests, changes: OperatorChanges
) -> None:
    with pytest.raises(InvalidRequest):
        await accounts.register(email, PASSWORD)
    with pytest.raises(InvalidRequest):
        await letter_requests.register(email, address="")
    with pytest.raises(InvalidRequest):
        await changes.invite(email, ("user",))
    vouched = person({"sub": "1", "email": email, "email_verified": True}, ISSUER)
    assert vouched.email == ""
    assert address(Row(email, "", False)) is None


@given(
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.sampled_from(["example.org", "x", "b\u00fc\u0130.example"]),
)
@example("\u0130\u094d\u03c2", "example.org")
def test_an_address_that_registers_shows_each_of_its_characters(local: str, domain: str) -> None:
    try:
        email = registrable(f"{local}@{domain}")
    except InvalidRequest:
        return
    assert email.isprintable()
    assert ".." not in email
    assert not {unicodedata.category(each)[0] for each in email} & {"C", "Z"}
    assert registrable(email) == email == spellings(email)[0]


@pytest.mark.parametrize(
    "email",
    [
        "admin@localhost",
        "ann@nas.local",
        "o'neil+tag@x.org",
        "r\u00e9n\u00e9@x.fr",
        "a@\u4f8b\u5b50.test",
        "1@x",
    ],
)
def test_what_people_have_registers(email: str) -> None:
    assert registrable(email) == email


async def test_a_domain_in_its_letters_and_in_ascii_is_one_account(accounts: Accounts) -> None:
    made = await accounts.register("ann@xn--bcher-kva.example", PASSWORD)
    assert made.email == "ann@b\u00fccher.example"
    for email in ("Ann@B\u00dcCHER.example", "ann@xn--bcher-kva.example", "ann@b\u00fccher\u3002example"):
        assert (await accounts.sign_in(email, PASSWORD)).access.claims.sub == made.account_id
        with pytest.raises(AlreadyRegistered):
            await accounts.register(email, PASSWORD)


async def test_accounts_from_before_are_found_by_the_addresses_they_have(
    accounts: Accounts, directory: MongoDirectory, hasher: Any
) -> None:
    hash_ = await hasher.hash(PASSWORD)
    for email in ("ann..b@example.org", "an\u200bn@example.org", "ann@xn--bcher-kva.example"):
        kept = an_account(email, password_hash=hash_)
        await directory.add(kept)
        assert (await account_of(directory, email)) == kept
        assert (await accounts.sign_in(email, PASSWORD)).access.claims.sub == kept.account_id
    found = await account_of(directory, "ann@b\u00fccher.example")
    assert found
    assert found.account_id == kept.account_id
    with pytest.raises(AlreadyRegistered):
        await accounts.register("ann@b\u00fccher.example", PASSWORD)


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("ann@example.org", ""),
        ("\u0430nn@example.org", "a look-alike? one word mixes CYRILLIC and LATIN letters"),
        ("ann@ex\u0430mple.org", "a look-alike? one word mixes CYRILLIC and LATIN letters"),
        ("\u0430\u043d\u043d\u0430@example.org", "with letters of CYRILLIC, not a to z"),
        ("ren\u00e9@example.org", "with letters of LATIN, not a to z"),
        ("taro\u592a\u90ce\u3055\u3093@example.org", "with letters of CJK and HIRAGANA, not a to z"),
    ],
)
def test_letters_that_look_like_others_are_told(email: str, told: str) -> None:
    assert remark(email) == told


async def test_an_operators_terminal_shows_every_address_as_it_is(
    directory: MongoDirectory, tonearm: Any
) -> None:
    odd, alike = "gpm\u202e\x9b31m.exe@example.org", "\u0430dmin@example.org"
    await directory.add(an_account(odd))
    await directory.add(an_account(alike))
    for arguments in (["list"], ["show", odd], ["show", alike], ["list", "--json"], ["show", odd, "--json"]):
        code, out, _ = await tonearm(*arguments)
        assert code == 0
        assert all(line.isprintable() for line in out.splitlines())
        assert "gpm\\u202e\\u009b31m.exe@example.org" in out or alike in out
        assert "one word mixes CYRILLIC and LATIN letters" in out or alike not in out
    code, out, _ = await tonearm("show", odd, "--json")
    assert json.loads(out)["email"] == odd


async def test_who_makes_an_account_is_told_of_a_look_alike(tonearm: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    code, _, err = await tonearm("create", "\u0430nn@example.org")
    assert code == 0
    assert "one word mixes CYRILLIC and LATIN letters" in err
    code, _, err = await tonearm("create", "a\u202enn@example.org")
    assert code != 0
    assert "cannot be seen" in err


async def test_a_taken_address_takes_as_long_to_register_as_a_new_one(accounts: Accounts) -> None:
    accounts._refusal_seconds = 0.3
    for _ in range(2):
        began = monotonic()
        with suppress(AlreadyRegistered):
            await accounts.register("ann@example.org", PASSWORD)
        assert monotonic() - began >= 0.3


async def test_a_look_alike_that_registers_is_told_to_the_operator_without_its_address(
    accounts: Accounts, letter_requests: LetterRequests, changes: OperatorChanges
) -> None:
    with capture_logs() as logs:
        await accounts.register("\u0430nn@example.org", PASSWORD)
        await accounts.register("\u0430\u043d\u043d\u0430@example.org", PASSWORD)
        await changes.invite("b\u03bfb@example.org", ("user",))
        await letter_requests.register("c\u0430rl@example.org", address="")
        await letter_requests.settled()
    told = [each for each in logs if each["event"] == "look_alike_registered"]
    assert [each["alphabets"] for each in told] == [
        ["CYRILLIC", "LATIN"],
        ["GREEK", "LATIN"],
        ["CYRILLIC", "LATIN"],
    ]
    assert "example.org" not in repr(told)
