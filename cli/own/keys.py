"""`tonearm keys`: your API keys at a gateway: make, list, revoke."""

import sys
from datetime import datetime
from urllib.parse import quote

import click
import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import EXITS, asking
from cli.client.gateway import Gateway
from cli.client.items import items_at
from cli.errors import NothingFound
from cli.exits import Exit
from cli.ids import WHOLE, meant
from cli.times import shown
from cli.tree.command import command
from cli.tree.group import Entry, Group
from cli.tree.known import KEY
from cli.tree.printer import Column, Kind, Printer, printing
from cli.tree.types import COUNT
from service.scopes import GRANTABLE, READ

_YEAR = 365


class Key(Struct, frozen=True):
    """An API key as it is listed. `key` is there where it was just made."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    expires: datetime
    last_used: datetime | None = None
    key: str = ""

    def __repr__(self) -> str:
        return f"Key({self.key_id!r})"


class Revoked(Struct, frozen=True):
    """A key that is revoked."""

    key_id: str


def _used(key: Key) -> str:
    return shown(key.last_used) if key.last_used else "never"


_COLUMNS = [
    Column[Key]("key", lambda key: key.key_id, kind=Kind.ID),
    Column[Key]("name", lambda key: key.name, cut=True),
    Column[Key]("may", lambda key: ",".join(key.scopes)),
    Column[Key]("good until", lambda key: shown(key.expires), kind=Kind.TIME),
    Column[Key]("last used", _used, kind=Kind.TIME),
]


@command(
    name="list",
    examples=["tonearm keys list", "tonearm keys list --format '{key_id} {name}'"],
    exits={**EXITS, Exit.NOTHING: "you have none"},
    output="ApiKey",
)
@printing
@asking
def listing(gateway: Gateway, out: Printer) -> None:
    """Print the keys that are good."""
    if not out.table(items_at(gateway, "/keys"), Key, _COLUMNS):
        raise NothingFound("you have no keys")


@command(
    examples=["tonearm keys create backup", "tonearm keys create camera --scope upload --days 30"],
    exits=EXITS,
    output="NewApiKey",
)
@click.argument("name", help="what it is for")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(GRANTABLE), help="may be repeated; default: read"
)
@click.option("--days", type=COUNT, default=_YEAR, help=f"how long it is good ({_YEAR})")
@printing
@asking
def create(gateway: Gateway, name: str, scopes: tuple[str, ...], days: int, out: Printer) -> None:
    """Make a key, and print it this once. No key makes another: sign in for it."""
    wanted = {"name": name, "scopes": scopes or (READ,), "days": days}
    with gateway.asking("POST", "/keys", content=msgspec.json.encode(wanted)) as answer:
        made, body = read_as(answer, Key), answer.content
    good = f"shown only this once; good until {shown(made.expires)} for: {' '.join(made.scopes)}"
    print(good, file=sys.stderr)
    out.line(body, made.key)


@command(
    examples=["tonearm keys revoke 0199"],
    exits={**EXITS, Exit.NOTHING: "there is no such key"},
    output=Revoked,
)
@click.argument("key_id", type=KEY, metavar="ID", help="the key's id, or the beginning of it")
@printing
@asking
def revoke(gateway: Gateway, key_id: str, out: Printer) -> None:
    """Void a key, at once and everywhere."""
    if len(key_id) < WHOLE:
        known = (msgspec.json.decode(each, type=Key).key_id for each in items_at(gateway, "/keys"))
        key_id = meant(key_id, known, "key") or key_id
    with gateway.asking("DELETE", f"/keys/{quote(key_id, safe='')}"):
        out.line(msgspec.json.encode(Revoked(key_id)), f"key {key_id} is revoked")


keys = Group(
    "keys",
    {
        "list": Entry("cli.own.keys:listing", "print the keys that are good"),
        "create": Entry("cli.own.keys:create", "make a key, and print it this once"),
        "revoke": Entry("cli.own.keys:revoke", "void a key, at once and everywhere"),
    },
    usual="list",
    examples=["tonearm keys create backup --scope upload", "tonearm keys list"],
    help="API keys, by which programs ask in your name: make, list and revoke them.",
)
