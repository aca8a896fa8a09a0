"""`tonearm imports`: videos that the gateway fetches for you, as long as they are no jobs: list, call off."""

from datetime import datetime
from urllib.parse import quote

import click
import msgspec
from msgspec import Struct

from cli.called import called
from cli.client.answers import Failure, read_as
from cli.client.asking import EXITS, asking
from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.exits import Exit
from cli.ids import meant
from cli.pretty import size, visible
from cli.times import shown
from cli.tree.command import command
from cli.tree.group import Entry, Group
from cli.tree.known import IMPORT
from cli.tree.printer import Column, Kind, Printer, printing


class Import(Struct, frozen=True):
    """A video that is fetched. `bytes_total`: None until it is known. `trouble`: why it waits."""

    import_id: str
    state: str
    filename: str
    created: datetime
    bytes_done: int = 0
    bytes_total: int | None = None
    trouble: str = ""
    error: Failure | None = None


class Imports(Struct, frozen=True):
    """The imports of an account that are no jobs, as the gateway has written them."""

    enabled: bool
    items: list[msgspec.Raw]


class CalledOff(Struct, frozen=True):
    """An import that is called off, or forgotten."""

    import_id: str


def _so_far(each: Import) -> str:
    return size(each.bytes_done) + (f" of {size(each.bytes_total)}" if each.bytes_total is not None else "")


_COLUMNS = [
    Column[Import]("import", lambda each: each.import_id, kind=Kind.ID),
    Column[Import]("asked", lambda each: shown(each.created), kind=Kind.TIME),
    Column[Import]("state", lambda each: each.state),
    Column[Import]("so far", _so_far),
    Column[Import]("file", lambda each: each.filename, cut=True),
    Column[Import]("trouble", lambda each: each.error.message if each.error else each.trouble, cut=True),
]


@command(
    name="list",
    examples=["tonearm imports list"],
    exits={**EXITS, Exit.NOTHING: "nothing is fetched"},
    output="Import",
)
@printing
@asking
def listing(gateway: Gateway, out: Printer) -> None:
    """Print what is fetched, and what could not be. What has come is a job: see `tonearm jobs`."""
    known = _all(gateway)
    if not out.table(map(bytes, known.items), Import, _COLUMNS):
        raise NothingFound(
            f"nothing is fetched: `{called('convert https://…')}` asks for it"
            if known.enabled
            else "nothing is fetched: this gateway takes no addresses"
        )


@command(
    examples=["tonearm imports cancel 0199"],
    exits={**EXITS, Exit.NOTHING: "there is no such import, or it is a job by now"},
    output=CalledOff,
)
@click.argument("import_id", type=IMPORT, metavar="ID", help="the import's id, or the beginning of it")
@printing
@asking
def cancel(gateway: Gateway, import_id: str, out: Printer) -> None:
    """Call an import off, and remove what has come of it; or forget one that has failed."""
    known = (msgspec.json.decode(each, type=Import).import_id for each in _all(gateway).items)
    found = meant(import_id, known, "import")
    if found is None:
        raise NothingFound(f"nothing that is fetched has an id that begins with {visible(import_id)}")
    with gateway.asking("DELETE", f"/imports/{quote(found, safe='')}"):
        out.line(msgspec.json.encode(CalledOff(found)), f"import {found} is called off")


imports = Group(
    "imports",
    {
        "list": Entry("cli.own.imports:listing", "print what is fetched, and what could not be"),
        "cancel": Entry("cli.own.imports:cancel", "call one off, or forget one that has failed"),
    },
    usual="list",
    examples=["tonearm imports"],
    help="Videos that the gateway fetches from their addresses for you.",
)


def _all(gateway: Gateway) -> Imports:
    with gateway.asking("GET", "/imports") as answer:
        return read_as(answer, Imports)
