"""`tonearm links`: links by which people without an account hear your audio: make, list, revoke."""

from datetime import datetime
from urllib.parse import quote

import click
import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import asking
from cli.client.gateway import Gateway
from cli.client.items import items_at
from cli.errors import NothingFound
from cli.exits import Exit
from cli.ids import meant
from cli.jobs.choice.argument import HELP, JOB, job_argument
from cli.jobs.choice.ids import job_meant
from cli.jobs.exits import OF_ONE
from cli.pretty import clock, visible
from cli.times import shown
from cli.tree.command import command
from cli.tree.group import Entry, Group
from cli.tree.known import LINK
from cli.tree.printer import Column, Kind, Printer, printing
from cli.tree.types import Read
from events.wishes import NotUnderstood, span, value


class Link(Struct, frozen=True):
    """A link as it is listed. Who has its `url` can hear what it leads to."""

    link_id: str
    url: str
    filename: str
    expires: datetime
    start: float | None = None
    end: float | None = None

    def __repr__(self) -> str:
        return f"Link({self.link_id!r})"


class Revoked(Struct, frozen=True):
    """A link that is revoked."""

    link_id: str


class Shared(Struct, frozen=True):
    """The wishes for a link: seconds of its life, and the part of the audio; None: as much as can be."""

    expires_in: float | None = None
    start: float | None = None
    end: float | None = None


def _life(text: str) -> float:
    seconds = span(text)
    if seconds is None:
        raise ValueError(f"{text} is no length of time such as 90m, 12h or 7d")
    return seconds


def _second(name: str) -> Read:
    """Return an argument that is a second of the audio as people write it, such as 1:30."""

    def read(text: str) -> float:
        try:
            found: float = value(name, text)
        except NotUnderstood as error:
            raise ValueError(str(error)) from None
        return found

    return Read("TIME", read)


@command(
    examples=["tonearm link @-1", "tonearm link 0199 --for 7d", "tonearm link 0199 --start 1:30 --end 2:15"],
    exits={**OF_ONE, Exit.REFUSED: "there is no audio, no such part of it, or no links are given out"},
    output="SharedLink",
)
@job_argument
@click.option(
    "--for",
    "life",
    type=Read("TIME", _life),
    help="how long it is good: 90m, 12h, 7d; else as long as can be",
)
@click.option("--start", type=_second("start"), help="only the part from here: 90, 1:30")
@click.option("--end", type=_second("end"), help="only the part up to here; of an MP3")
@printing
@asking
def create(
    gateway: Gateway, job: str, life: float | None, start: float | None, end: float | None, out: Printer
) -> None:
    """Make a link to a job's audio, and print it. Whoever has it can hear the audio."""
    wanted = Shared(life, start, end)
    path = f"/jobs/{quote(job_meant(gateway, job), safe='')}/links"
    with gateway.asking("POST", path, content=msgspec.json.encode(wanted)) as answer:
        link, body = read_as(answer, Link), answer.content
    out.line(body, link.url)


@command(
    name="list",
    examples=["tonearm links", "tonearm links list @-1 --format '{url}'"],
    exits={**OF_ONE, Exit.NOTHING: "nothing is shared, or there is no such job"},
    output="SharedLink",
)
@click.argument("job", type=JOB, metavar="[ID]", required=False, help=HELP)
@printing
@asking
def listing(gateway: Gateway, job: str | None, out: Printer) -> None:
    """Print the links that are good now, of a job or all. Only --json and --format have addresses."""
    path = f"/jobs/{quote(job_meant(gateway, job), safe='')}/links" if job else "/links"
    if not out.table(items_at(gateway, path), Link, _COLUMNS):
        raise NothingFound("nothing is shared: `tonearm link ID` makes a link")


@command(
    examples=["tonearm links revoke 0199"],
    exits={**OF_ONE, Exit.NOTHING: "there is no such link"},
    output=Revoked,
)
@click.argument("link", type=LINK, metavar="LINK", help="its id, or the beginning of it")
@printing
@asking
def revoke(gateway: Gateway, link: str, out: Printer) -> None:
    """End a link: it leads nowhere any more."""
    link_id = meant(link, (_link(item).link_id for item in items_at(gateway, "/links")), "link")
    if link_id is None:
        raise NothingFound(f"you have no link {visible(link)}")
    with gateway.asking("DELETE", f"/links/{quote(link_id, safe='')}"):
        told = f"link {link_id} is revoked: it leads nowhere any more"
        out.line(msgspec.json.encode(Revoked(link_id)), told)


links = Group(
    "links",
    {
        "list": Entry("cli.handover.links:listing", "print the links that are good now, of a job or all"),
        "create": Entry("cli.handover.links:create", "make a link to a job's audio, and print it"),
        "revoke": Entry("cli.handover.links:revoke", "end a link: it leads nowhere any more"),
    },
    usual="list",
    examples=["tonearm links create @-1 --for 1d", "tonearm links list"],
    help="Links by which people without an account hear your audio: make, list and revoke them.",
)


def _link(item: bytes) -> Link:
    return msgspec.json.decode(item, type=Link)


def _part(link: Link) -> str:
    return "" if link.start is None or link.end is None else f"{clock(link.start)} to {clock(link.end)}"


_COLUMNS = [
    Column[Link]("link", lambda link: link.link_id, kind=Kind.ID),
    Column[Link]("good until", lambda link: shown(link.expires), kind=Kind.TIME),
    Column[Link]("file", lambda link: link.filename, cut=True),
    Column[Link]("part", _part),
]
