"""`tonearm account keys`: make, list and revoke API keys, signed in as their owner."""

import argparse
import os
import sys
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.credentials import credentials_for
from cli.client.gateway import Gateway, unreachable
from service.scopes import GRANTABLE, READ


class Key(Struct, frozen=True):
    """An API key as it is listed; times are RFC 3339."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    expires: str
    last_used: str | None = None
    key: str = ""

    def __repr__(self) -> str:
        return f"Key({self.key_id!r})"


class Keys(Struct, frozen=True):
    """All keys of an account."""

    items: list[Key]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--url", help="the gateway; without it, the local stack's")
    parser.add_argument("--email", help="whose keys (or TONEARM_EMAIL, with TONEARM_PASSWORD)")
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
    account = credentials_for(arguments.url, arguments.email, None, start=False, environ=os.environ)
    with Gateway(account.url, account.kept) as gateway:
        gateway.sign_in(account.email, account.ask)
        with unreachable(account.url):
            _ACTIONS[arguments.action](gateway, arguments)


def _create(gateway: Gateway, arguments: argparse.Namespace) -> None:
    wanted = {"name": arguments.name, "scopes": arguments.scope or [READ], "days": arguments.days}
    with gateway.asking("POST", "/keys", content=msgspec.json.encode(wanted)) as answer:
        made = read_as(answer, Key)
    print(f"shown only this once; good until {made.expires} for: {' '.join(made.scopes)}", file=sys.stderr)
    print(made.key)


def _list(gateway: Gateway, arguments: argparse.Namespace) -> None:
    with gateway.asking("GET", "/keys") as answer:
        keys = read_as(answer, Keys)
    for key in keys.items:
        used = f"last used {key.last_used}" if key.last_used else "never used"
        print(f"{key.key_id}  {key.name}  {','.join(key.scopes)}  until {key.expires}  {used}")


def _revoke(gateway: Gateway, arguments: argparse.Namespace) -> None:
    with gateway.asking("DELETE", f"/keys/{quote(arguments.key_id, safe='')}"):
        print(f"key {arguments.key_id} is revoked")


_ACTIONS = {"create": _create, "list": _list, "revoke": _revoke}
