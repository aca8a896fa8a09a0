"""`tonearm account keys`: make, list and revoke API keys, signed in as their owner."""

import argparse
import sys
from datetime import datetime
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cli.client import asking
from cli.client.answers import read_as
from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.exits import Exit
from cli.ids import WHOLE, meant
from cli.times import shown
from service.scopes import GRANTABLE, READ


class Key(Struct, frozen=True):
    """An API key as it is listed."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    expires: datetime
    last_used: datetime | None = None
    key: str = ""

    def __repr__(self) -> str:
        return f"Key({self.key_id!r})"


class Keys(Struct, frozen=True):
    """All keys of an account."""

    items: list[Key]


def main(argv: list[str]) -> int:
    """Run `tonearm account keys`. Raises ClientError, CredentialsMissing."""
    parser = argparse.ArgumentParser(
        prog="tonearm account keys", description="Make, list and revoke your own API keys."
    )
    add_arguments(parser)
    run(parser.parse_args(argv))
    return Exit.OK


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    asking.add_arguments(parser, "keys")
    actions = parser.add_subparsers(dest="action", required=True, metavar="SUBCOMMAND")
    create = actions.add_parser("create", help="make a key and print it, this once")
    create.add_argument("name", help="what it is for")
    create.add_argument("--scope", action="append", choices=GRANTABLE, help="default: read")
    create.add_argument("--days", type=int, default=365, help="how long it is good (365)")
    actions.add_parser("list", help="print the keys that are good")
    revoke = actions.add_parser("revoke", help="void a key, at once and everywhere")
    revoke.add_argument("key_id", metavar="KEY_ID")


def run(arguments: argparse.Namespace) -> None:
    """Ask the gateway over HTTP, as the owner of the keys. Raises ClientError, CredentialsMissing."""
    with asking.signed_in(arguments) as gateway:
        _ACTIONS[arguments.action](gateway, arguments)


def _create(gateway: Gateway, arguments: argparse.Namespace) -> None:
    wanted = {"name": arguments.name, "scopes": arguments.scope or [READ], "days": arguments.days}
    with gateway.asking("POST", "/keys", content=msgspec.json.encode(wanted)) as answer:
        made = read_as(answer, Key)
    print(
        f"shown only this once; good until {shown(made.expires)} for: {' '.join(made.scopes)}",
        file=sys.stderr,
    )
    print(made.key)


def _list(gateway: Gateway, arguments: argparse.Namespace) -> None:
    with gateway.asking("GET", "/keys") as answer:
        keys = read_as(answer, Keys)
    if not keys.items:
        raise NothingFound("you have no keys")
    for key in keys.items:
        used = f"last used {shown(key.last_used)}" if key.last_used else "never used"
        print(f"{key.key_id}  {key.name}  {','.join(key.scopes)}  until {shown(key.expires)}  {used}")


def _revoke(gateway: Gateway, arguments: argparse.Namespace) -> None:
    key_id = arguments.key_id
    if len(key_id) < WHOLE:
        with gateway.asking("GET", "/keys") as answer:
            key_id = meant(key_id, (key.key_id for key in read_as(answer, Keys).items), "key") or key_id
    with gateway.asking("DELETE", f"/keys/{quote(key_id, safe='')}"):
        print(f"key {key_id} is revoked")


_ACTIONS = {"create": _create, "list": _list, "revoke": _revoke}
