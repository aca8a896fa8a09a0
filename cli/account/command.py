"""`tonearm account <subcommand>`: arguments and the environment. `cli.main` prints the errors."""

import argparse
import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

from auth.stores import by_url
from auth.stores.directory import ADMIN, USER
from cli.account import change, create, invite, keys, quota, rotate_key, show
from cli.account.settings import OperatorSettings
from service.logs import configure_tool
from service.mail_preference import MailPreference
from service.settings import load

Run = Callable[[argparse.Namespace], None]
DirectoryRun = Callable[[argparse.Namespace, OperatorSettings], Coroutine[Any, Any, None]]
WHO = "an account's id, or the beginning of it, or its e-mail address"


class Subcommand(NamedTuple):
    """A subcommand: the function that runs it, a line of help, and its arguments."""

    run: Run
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


def main(argv: list[str]) -> int:
    """Run `tonearm account`. Returns 0, or raises TonearmError."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    configure_tool()
    SUBCOMMANDS[arguments.subcommand].run(arguments)
    return 0


def _on_directory(run: DirectoryRun) -> Run:
    """Make a subcommand of a function that works on the directory of accounts, by the operator's settings."""
    return lambda arguments: asyncio.run(run(arguments, load(OperatorSettings, os.environ)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tonearm account",
        description="Look at accounts and change them. Each change is an event in the log.",
    )
    subcommands = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for name, subcommand in SUBCOMMANDS.items():
        sub = subcommands.add_parser(name, help=subcommand.summary, description=subcommand.summary)
        subcommand.add_arguments(sub)
    return parser


def _who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("who", metavar="WHO", help=WHO)


def _nothing(parser: argparse.ArgumentParser) -> None:
    """Take no arguments."""


def _show(parser: argparse.ArgumentParser) -> None:
    _who(parser)
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def _list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", choices=[USER, ADMIN], help="only those with this role")
    parser.add_argument("--disabled", action="store_true", help="only those that are disabled")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email", metavar="ADDRESS", help="its e-mail address")
    parser.add_argument(
        "--role", dest="roles", nargs="+", choices=[USER, ADMIN], default=[USER], help="default: user"
    )


def _role(parser: argparse.ArgumentParser) -> None:
    _who(parser)
    parser.add_argument("roles", metavar="ROLE", nargs="+", choices=[USER, ADMIN], help="all its roles")


def _mails(parser: argparse.ArgumentParser) -> None:
    _who(parser)
    parser.add_argument(
        "mails", choices=[*map(str, MailPreference)], help="which mails about its jobs it gets"
    )


def _quota(parser: argparse.ArgumentParser) -> None:
    _who(parser)
    quota.add_arguments(parser)


def _export(parser: argparse.ArgumentParser) -> None:
    _who(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="a new file, for its owner only")


def _erase(parser: argparse.ArgumentParser) -> None:
    _who(parser)
    parser.add_argument("--yes", action="store_true", help="do it; without this, only say what would be done")


def _source(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--from",
        dest="source",
        metavar="URL",
        help="mysql://… or postgresql://…; or IMPORT_URL, unseen by ps",
    )
    add("--table", default="user", help="with id, email, password; maybe role, is_admin (default: user)")
    add("--yes", action="store_true", help="do it; without this, only say what would be done")


async def _import(arguments: argparse.Namespace, settings: OperatorSettings) -> None:
    try:
        from cli.account import import_table
    except ModuleNotFoundError as error:
        raise by_url.without_sql(error) from None
    await import_table.run(arguments, settings)


SUBCOMMANDS = {
    "list": Subcommand(_on_directory(show.list_accounts), "print all accounts, oldest first", _list),
    "show": Subcommand(_on_directory(show.show), "print one account", _show),
    "create": Subcommand(_on_directory(create.run), "make an account, such as the first admin's", _new),
    "role": Subcommand(_on_directory(change.run), "give an account exactly these roles", _role),
    "mails": Subcommand(
        _on_directory(change.run), "choose which mails about its jobs an account gets", _mails
    ),
    "quota": Subcommand(
        _on_directory(quota.run), "show what an account uses, and give it limits of its own", _quota
    ),
    "invite": Subcommand(_on_directory(invite.invite), "mail somebody the way to an account", _new),
    "reset": Subcommand(_on_directory(change.run), "mail the holder the way to a new password", _who),
    "disable": Subcommand(
        _on_directory(change.run), "let nobody sign in any more, and end what is signed in", _who
    ),
    "enable": Subcommand(_on_directory(change.run), "let people sign in again", _who),
    "revoke": Subcommand(_on_directory(change.run), "end what is signed in, and void its API keys", _who),
    "import": Subcommand(_on_directory(_import), "take over the accounts of another table", _source),
    "rotate-key": Subcommand(
        _on_directory(rotate_key.rotate), "make the next key that signs access tokens", _nothing
    ),
    "keys": Subcommand(keys.run, "make, list and revoke your own API keys", keys.add_arguments),
    "export": Subcommand(
        _on_directory(show.export), "write what is known of an account, with its events", _export
    ),
    "erase": Subcommand(_on_directory(change.run), "forget the person, for good; the ids stay", _erase),
}
