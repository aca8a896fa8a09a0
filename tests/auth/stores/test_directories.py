"""What a directory promises, tried on every kind of server."""

import asyncio
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import certifi
import pytest
from pymysql.constants import CLIENT
from servers.line import Line
from waiting import wait_for

from auth.errors import AlreadyRegistered, DirectoryUnavailable
from auth.stores import by_url
from auth.stores.directory import Account, Directory, Identity
from cli.errors import causes
from events.ids import new_id
from infra.local.ports import free_port
from service.mail_preference import MailPreference
from service.settings import InvalidSetting

KINDS = ["mongodb", "postgresql", "mariadb"]


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind of server."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def directory(url: str) -> AsyncIterator[Directory]:
    async with by_url.opened(url) as directory:
        await directory.prepare()
        yield directory


def an_account(email: str = "a@example.com", **fields: Any) -> Account:
    known = {
        "account_id": new_id(),
        "email": email,
        "password_hash": "h1",
        "roles": ("user",),
        "created": datetime(2026, 1, 1, 12, 30, 1, 250_000, tzinfo=UTC),
    }
    return Account(**(known | fields))


@pytest.mark.parametrize(
    "kept",
    [
        an_account(),
        an_account(
            "münchen-日本-😀@exämple.com",
            roles=("user", "admin"),
            announced=True,
            disabled=True,
            verified=False,
            mails=MailPreference.FAILURES,
        ),
        an_account("a" * 64 + "@" + "é" * 189, password_hash="h" * 1024),
        an_account("' OR 1=1 --%s{}\\@x", password_hash="'; DROP TABLE tonearm_accounts; --", roles=()),
    ],
    ids=["plain", "not ASCII", "longest", "hostile"],
)
async def test_an_account_is_found_as_it_was_kept(directory: Directory, kept: Account) -> None:
    assert await directory.is_empty()
    await directory.add(kept)
    assert not await directory.is_empty()
    assert await directory.by_email(kept.email) == kept
    assert await directory.by_id(kept.account_id) == kept
    assert await directory.by_email("b@example.com") is None
    assert await directory.by_id("nobody") is None


async def test_of_many_registrations_of_one_address_at_once_one_wins(directory: Directory) -> None:
    results = await asyncio.gather(*(directory.add(an_account()) for _ in range(10)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyRegistered"] * 9 + ["NoneType"]


async def test_addresses_are_told_apart_by_every_byte_and_by_no_more(directory: Directory) -> None:
    """Accents, sharp s and width are the same to some collations; who takes one must not get the other."""
    several = ["strasse@x", "straße@x", "e@x", "é@x", "ｅ@x", "i@x", "ı@x"]
    for email in several:
        await directory.add(an_account(email))
    for email in several:
        with pytest.raises(AlreadyRegistered):
            await directory.add(an_account(email))


async def test_what_is_refused_names_no_address(directory: Directory) -> None:
    await directory.add(an_account())
    with pytest.raises(AlreadyRegistered) as refused:
        await directory.add(an_account())
    assert "a@example.com" not in causes(refused.value)


async def test_a_new_hash_does_not_overwrite_a_password_changed_meanwhile(directory: Directory) -> None:
    kept = an_account()
    await directory.add(kept)
    replaced = [await directory.rehash(kept.account_id, "h1", new) for new in ("h2", "h3")]
    assert replaced == [True, False]
    found = await directory.by_id(kept.account_id)
    assert found is not None
    assert found.password_hash == "h2"


async def test_who_sets_a_password_is_verified_and_is_not_erased_as_unverified(directory: Directory) -> None:
    old, new, known = (
        an_account("a@example.com", verified=False, password_hash=""),
        an_account("b@example.com", verified=False, created=datetime(2026, 2, 1, tzinfo=UTC)),
        an_account("c@example.com"),
    )
    for account in (old, new, known):
        await directory.add(account)
    before = datetime(2026, 1, 2, tzinfo=UTC)
    assert await directory.unverified(before, 9) == [old]
    assert await directory.set_password(old.account_id, "h2")
    found = await directory.by_id(old.account_id)
    assert found is not None
    assert (found.verified, found.password_hash) == (True, "h2")
    assert not await directory.set_password("nobody", "h2")
    assert await directory.unverified(before, 9) == []
    erased = [await directory.erase_unverified(each.account_id) for each in (old, new, known)]
    assert erased == [False, True, False]
    assert await directory.by_id(new.account_id) is None


async def test_accounts_are_searched_by_a_part_of_their_address_or_by_their_id(directory: Directory) -> None:
    several = [an_account(f"{word}@example.com") for word in ("ann", "hannah", "100%_a", "1000_a", "münch")]
    for account in several:
        await directory.add(account)

    async def found(text: str, before: str = "", limit: int = 9) -> list[str]:
        return [each.email.split("@")[0] for each in await directory.search(text, before, limit)]

    assert await found("") == ["münch", "1000_a", "100%_a", "hannah", "ann"]
    assert await found("ann") == ["hannah", "ann"]
    assert await found("0%_") == ["100%_a"]
    assert await found("ünch@ex") == ["münch"]
    assert await found(".*") == await found("nobody") == []
    assert await found(several[1].account_id) == ["hannah"]
    assert await found("", several[2].account_id, 1) == ["hannah"]


async def test_the_unannounced_are_listed_until_marked(directory: Directory) -> None:
    first, second, third = (an_account(f"{number}@example.com") for number in range(3))
    for account in (third, first, second):
        await directory.add(account)
    assert [found.email for found in await directory.unannounced(2)] == ["0@example.com", "1@example.com"]
    await directory.mark_announced(first.account_id)
    assert [found.email for found in await directory.unannounced(9)] == ["1@example.com", "2@example.com"]


async def test_pages_hold_every_account_once_in_the_order_of_ids(directory: Directory) -> None:
    accounts = [an_account(f"{number}@example.com") for number in range(5)]
    for account in reversed(accounts):
        await directory.add(account)
    found: list[Account] = []
    while page := await directory.page(found[-1].account_id if found else "", 2):
        found += page
    assert found == sorted(accounts, key=lambda account: account.account_id)


async def test_roles_mails_and_closing_change_one_account_and_can_be_repeated(
    directory: Directory,
) -> None:
    account, other = an_account(), an_account("other@example.com")
    await directory.add(account)
    await directory.add(other)
    for _ in range(2):  # nothing to change is no failure
        assert await directory.set_roles(account.account_id, ("user", "admin"))
        assert await directory.set_mails(account.account_id, MailPreference.NONE)
        assert await directory.set_mail_links(account.account_id, True)
        assert await directory.set_disabled(account.account_id, True)
    found = await directory.by_id(account.account_id)
    assert found is not None
    assert (found.roles, found.disabled) == (("user", "admin"), True)
    assert (found.mails, found.mail_links) == (MailPreference.NONE, True)
    assert await directory.set_disabled(account.account_id, False)
    assert await directory.by_id(other.account_id) == other
    assert not await directory.set_roles("nobody", ("user",))
    assert not await directory.set_mails("nobody", MailPreference.NONE)
    assert not await directory.set_mail_links("nobody", True)
    assert not await directory.set_disabled("nobody", True)


async def test_an_erased_account_is_gone_and_its_address_free(directory: Directory) -> None:
    account = an_account()
    await directory.add(account)
    assert await directory.erase(account.account_id)
    assert not await directory.erase(account.account_id)
    assert await directory.by_email(account.email) is None
    await directory.add(an_account())


ANN = Identity("https://id.example/realms/x", "f:1c2:ann's")


async def test_an_account_is_found_by_who_it_is_to_issuers_to_the_letter(directory: Directory) -> None:
    account, other = an_account(password_hash=""), an_account("b@example.com")
    await directory.add(account, ANN)
    await directory.add(other)
    assert await directory.by_identity(ANN) == account
    for stranger in (
        ANN._replace(subject=ANN.subject.upper()),
        ANN._replace(issuer=f"{ANN.issuer}/"),
        Identity(ANN.subject, ANN.issuer),
    ):
        assert await directory.by_identity(stranger) is None
    longest = Identity("https://" + "x" * 247, "y" * 255)
    for _ in range(2):
        await directory.link(other.account_id, longest)
    await directory.link(other.account_id, ANN._replace(subject="2"))
    assert await directory.by_identity(longest) == other
    assert set(await directory.identities(other.account_id)) == {longest, ANN._replace(subject="2")}
    assert await directory.identities("nobody") == []


async def test_an_identity_is_of_one_account_and_goes_with_it(directory: Directory) -> None:
    account, other = an_account(), an_account("b@example.com")
    await directory.add(account, ANN)
    await directory.add(other)
    with pytest.raises(AlreadyRegistered):
        await directory.link(other.account_id, ANN)
    with pytest.raises(AlreadyRegistered):
        await directory.add(an_account("c@example.com"), ANN)
    assert await directory.by_email("c@example.com") is None
    assert await directory.erase(account.account_id)
    assert await directory.by_identity(ANN) is None
    await directory.link(other.account_id, ANN)
    assert await directory.by_identity(ANN) == other
    waiting = an_account("d@example.com", password_hash="", verified=False)
    await directory.add(waiting)
    await directory.link(waiting.account_id, ANN._replace(subject="2"))
    assert not await directory.erase_unverified(waiting.account_id)


async def test_of_many_first_sign_ins_of_one_person_at_once_one_wins(directory: Directory) -> None:
    several = (directory.add(an_account(f"{number}@example.com"), ANN) for number in range(6))
    results = await asyncio.gather(*several, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyRegistered"] * 5 + ["NoneType"]


async def test_replicas_that_start_at_once_and_again_leave_one_directory_with_its_accounts(url: str) -> None:
    async def start() -> None:
        async with by_url.opened(url) as directory:
            await directory.prepare()

    await asyncio.gather(*(start() for _ in range(6)))
    async with by_url.opened(url) as directory:
        await directory.add(an_account())
        await start()
        with pytest.raises(AlreadyRegistered):
            await directory.add(an_account())


@dataclass
class Reached:
    """A directory at the far end of a line."""

    directory: Directory
    line: Line


@pytest.fixture
async def reached(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reached]:
    kind = "mongo.errors" if url.startswith("mongodb") else "sql.engine"
    port = urlsplit(url).port
    assert port
    async with (
        Line(port) as line,
        by_url.opened(url.replace(f":{port}/", f":{line.port}/")) as directory,
    ):
        await directory.prepare()
        await directory.add(an_account())
        monkeypatch.setattr(f"auth.stores.{kind}.ANSWER_SECONDS", 1.0)
        yield Reached(directory, line)


async def test_a_database_that_goes_away_is_one_error_of_ours_and_comes_back(
    reached: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, line = reached.directory, reached.line
    await line.cut()
    for ask in (directory.ping(), directory.by_email("a@example.com"), directory.add(an_account("b@x"))):
        with pytest.raises(DirectoryUnavailable) as away:
            await ask
        assert "@" not in causes(away.value)
    monkeypatch.undo()  # a second is little for what has to be answered, on a machine under load
    await line.mend()
    await wait_for(lambda: answers(directory))
    assert await directory.by_email("a@example.com")


async def test_a_database_that_hangs_is_given_up_within_its_time_and_comes_back(
    reached: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, line = reached.directory, reached.line
    line.hold()
    async with asyncio.timeout(20):  # of a machine under load; the directory itself gives up after one
        asked = [directory.by_email("a@example.com") for _ in range(12)]  # more than there are connections
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(result) for result in results} == {DirectoryUnavailable}
    monkeypatch.undo()  # a second is little for a dozen new connections on a machine under load
    await line.mend()
    await wait_for(lambda: answers(directory))
    assert all(await asyncio.gather(*(directory.by_email("a@example.com") for _ in range(12))))


async def answers(directory: Directory) -> bool:
    try:
        await directory.ping()
    except DirectoryUnavailable:
        return False
    return True


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///x",
        "postgresql://u:canary@h:port/x",
        "mysql://u:canary@h/x?charset=latin1",
        "mongodb://u:can@ry@h/x",
        "mysql://u:canary@h/x?ssl_ca=/nowhere",
    ],
)
async def test_a_url_that_means_nothing_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        async with by_url.opened(url):
            pass
    assert "can" not in causes(refused.value)


@pytest.mark.parametrize("missing", ["sqlalchemy", "asyncpg"])
def test_without_the_extra_its_name_is_told(missing: str) -> None:
    program = f"""
import asyncio, sys
sys.modules[{missing!r}] = None
from auth.stores import by_url
async def main():
    async with by_url.opened("postgresql://u:p@h/x"):
        pass
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "InvalidSetting" in done.stderr
    assert ".whl[sql]" in done.stderr


@pytest.mark.parametrize(
    ("kind", "wish"), [("postgresql", "sslmode=require"), ("mariadb", "ssl=true"), ("mariadb", "ssl_ca={ca}")]
)
def test_a_server_without_encryption_is_refused_where_that_is_asked_for(
    request: pytest.FixtureRequest, kind: str, wish: str
) -> None:
    url = request.getfixturevalue(f"{kind}_url")

    async def ask() -> None:
        async with by_url.opened(f"{url}?{wish.format(ca=certifi.where())}") as directory:
            await directory.ping()

    with pytest.raises(DirectoryUnavailable):
        asyncio.run(ask())


async def test_who_takes_encryption_out_of_a_servers_greeting_is_told_nothing() -> None:
    """Not even the user's name: the driver alone would have sent the password as the other side asks."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    offers = CLIENT.PROTOCOL_41 | CLIENT.SECURE_CONNECTION | CLIENT.PLUGIN_AUTH
    greeting = b"\x0a8.0.0\0" + bytes(4) + b"12345678\0" + struct.pack("<H", offers & 0xFFFF)
    greeting += b"\x2d" + bytes(2) + struct.pack("<H", offers >> 16) + b"\x15" + bytes(10)
    greeting += b"123456789012\0mysql_clear_password\0"

    async def pretend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(struct.pack("<I", len(greeting)) + greeting)
        heard.set_result(await reader.read())
        writer.close()

    port = free_port()
    async with await asyncio.start_server(pretend, "127.0.0.1", port), asyncio.timeout(10):
        async with by_url.opened(f"mysql://canary:canary@127.0.0.1:{port}/x?ssl=true") as directory:
            with pytest.raises(DirectoryUnavailable):
                await directory.ping()
        assert await heard == b""
