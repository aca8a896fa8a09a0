"""`list` and `show`: accounts as they stand. Neither shows a password's hash."""

from collections.abc import AsyncIterator, Iterator, Sequence

import click
import msgspec

from auth.accounts.profiles import Profile, profile
from auth.addresses import remark
from auth.stores.directory import Account, Directory
from cli.account.operator import EXITS, operating, who
from cli.account.roles import ROLE
from cli.account.settings import OperatorSettings
from cli.account.who import account_meant
from cli.errors import NothingFound
from cli.pretty import spelled
from cli.streams.remarks import say
from cli.times import shown as shown_time
from cli.tree.command import command
from cli.tree.printer import Column, Kind, Printer, printing

PAGE = 500


@command(
    name="list",
    examples=["tonearm account list --role admin", "tonearm account list --format '{email} {state}'"],
    exits=EXITS,
    output=Profile,
)
@click.option("--role", type=ROLE, help="only those with this role")
@click.option("--disabled", is_flag=True, help="only those that are disabled")
@printing
@operating
async def list_accounts(settings: OperatorSettings, role: str | None, disabled: bool, out: Printer) -> None:
    """Print all accounts, oldest first."""
    found = 0
    async with settings.directory() as directory:
        async for page in pages(directory):
            wanted = (
                each for each in page if (not role or role in each.roles) and (each.disabled or not disabled)
            )
            found += out.table((document(profile(each)) for each in wanted), Profile, COLUMNS, before=found)
    if not found:
        raise NothingFound("there is no such account")


@command(examples=["tonearm account show ada@example.org"], exits=EXITS, output=Profile)
@who
@printing
@operating
async def show(settings: OperatorSettings, who: str, out: Printer) -> None:
    """Print one account."""
    async with settings.directory() as directory:
        known = await whole(directory, who)
    out.rows(document(known), rows(known))


COLUMNS = (
    Column[Profile]("account", lambda known: known.account_id, kind=Kind.ID),
    Column[Profile]("since", lambda known: shown_time(known.created), kind=Kind.TIME),
    Column[Profile]("state", lambda known: known.state),
    Column[Profile]("roles", lambda known: ",".join(known.roles)),
    Column[Profile]("address", lambda known: _address(known)),
)


def rows(known: Profile) -> Iterator[tuple[str, str]]:
    """Yield the facts of an account, a name and a text each."""
    for name, value in msgspec.to_builtins(known).items():
        text = " ".join(map(_joined, value)) if isinstance(value, tuple | list) else value
        text = shown_time(known.created) if name == "created" else text
        if text != "":
            yield name, "yes" if value is True else "no" if value is False else spelled(str(text))


async def whole(directory: Directory, whose: str) -> Profile:
    """Return an account with its identities. Raises NothingFound, WrongArgument."""
    account = await account_meant(directory, whose)
    return profile(account, await directory.identities(account.account_id))


def document(known: Profile) -> bytes:
    """Return an account as JSON, in which nobody mistakes a letter of its address for another."""
    return spelled(msgspec.json.encode(known).decode()).encode()


def tell_of(email: str) -> None:
    """Say on standard error what nobody may see by looking at the address of a new account."""
    if told := remark(email):
        say(f"{spelled(email)}: {told}")


async def pages(directory: Directory) -> AsyncIterator[Sequence[Account]]:
    """Yield all accounts in the order of their ids, a page at a time."""
    last = ""
    while page := await directory.page(last, PAGE):
        yield page
        last = page[-1].account_id


def _address(known: Profile) -> str:
    return f"{spelled(known.email)}  ({known.remark})" if known.remark else spelled(known.email)


def _joined(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)
