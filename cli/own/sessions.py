"""`tonearm sessions`: what is signed in to your account at a gateway: list, end."""

from datetime import datetime
from urllib.parse import quote

import click
import msgspec
from msgspec import Struct

from cli.client.asking import EXITS, asking
from cli.client.gateway import Gateway
from cli.client.items import items_at
from cli.errors import NothingFound
from cli.exits import Exit
from cli.ids import meant
from cli.pretty import visible
from cli.times import shown
from cli.tree.command import command
from cli.tree.group import Entry, Group
from cli.tree.known import SESSION
from cli.tree.printer import Column, Kind, Printer, printing


class Session(Struct, frozen=True):
    """A session. `program` is what signed in, in a few words; `last_used` is to a quarter of an hour."""

    session_id: str
    program: str
    created: datetime
    last_used: datetime
    expires: datetime
    current: bool


class Ended(Struct, frozen=True):
    """A session that has ended."""

    session_id: str


_COLUMNS = [
    Column[Session]("session", lambda each: each.session_id, kind=Kind.ID),
    Column[Session]("signed in", lambda each: shown(each.created), kind=Kind.TIME),
    Column[Session]("last used", lambda each: shown(each.last_used), kind=Kind.TIME),
    Column[Session]("program", lambda each: each.program, cut=True),
    Column[Session]("", lambda each: "this one" if each.current else ""),
]


@command(name="list", examples=["tonearm sessions list"], exits=EXITS, output="SessionShown")
@printing
@asking
def listing(gateway: Gateway, out: Printer) -> None:
    """Print what is signed in to your account, newest first."""
    out.table(items_at(gateway, "/sessions"), Session, _COLUMNS)


@command(
    examples=["tonearm sessions end 0199"],
    exits={**EXITS, Exit.NOTHING: "there is no such session"},
    output=Ended,
)
@click.argument("session", type=SESSION, metavar="ID", help="the session's id, or the beginning of it")
@printing
@asking
def end(gateway: Gateway, session: str, out: Printer) -> None:
    """End a session: who has it must sign in again. `tonearm logout` ends this one, or all of them."""
    known = (msgspec.json.decode(each, type=Session).session_id for each in items_at(gateway, "/sessions"))
    session_id = meant(session, known, "session")
    if session_id is None:
        raise NothingFound(f"no session's id begins with {visible(session)}")
    with gateway.asking("DELETE", f"/sessions/{quote(session_id, safe='')}"):
        out.line(msgspec.json.encode(Ended(session_id)), f"session {session_id} has ended")


sessions = Group(
    "sessions",
    {
        "list": Entry("cli.own.sessions:listing", "print what is signed in to your account"),
        "end": Entry("cli.own.sessions:end", "end a session: who has it must sign in again"),
    },
    usual="list",
    examples=["tonearm sessions list"],
    help="What is signed in to your account: list it, end it.",
)
