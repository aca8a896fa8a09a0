"""`tonearm feeds`: private podcasts of your audio at a gateway: make, list, show, revoke."""

import sys
from datetime import datetime
from urllib.parse import quote

import click
import httpx
import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import EXITS, asking
from cli.client.gateway import Gateway
from cli.client.items import items_at
from cli.errors import NothingFound, WrongArgument
from cli.exits import Exit
from cli.ids import meant
from cli.pretty import visible
from cli.qr import code_of
from cli.times import shown
from cli.tree.command import command
from cli.tree.group import Entry, Group
from cli.tree.known import FEED, PRESET
from cli.tree.printer import Column, Kind, Printer, printing


class Feed(Struct, frozen=True):
    """A feed as it is listed. Its `url` is all that a podcast client needs."""

    feed_id: str
    name: str
    url: str
    created: datetime
    q: str = ""

    def __repr__(self) -> str:
        return f"Feed({self.feed_id!r})"


class Revoked(Struct, frozen=True):
    """A feed that is revoked."""

    feed_id: str


_OF_ONE = {**EXITS, Exit.NOTHING: "there is no such feed", Exit.REFUSED: "the gateway hands nothing out"}
_COLUMNS = [
    Column[Feed]("feed", lambda feed: feed.feed_id, kind=Kind.ID),
    Column[Feed]("created", lambda feed: shown(feed.created), kind=Kind.TIME),
    Column[Feed]("name", lambda feed: feed.name, cut=True),
    Column[Feed]("has", lambda feed: f"only {feed.q!r}" if feed.q else ""),
]


@command(
    name="list",
    examples=["tonearm feeds list"],
    exits={**EXITS, Exit.NOTHING: "you have none"},
    output="ShownFeed",
)
@printing
@asking
def listing(gateway: Gateway, out: Printer) -> None:
    """Print your feeds. Their addresses are only in --json and --format."""
    if not out.table(items_at(gateway, "/feeds"), Feed, _COLUMNS):
        raise NothingFound("you have no feeds: `tonearm feeds create NAME` makes one")


@command(
    examples=["tonearm feeds create 'For the car'", "tonearm feeds create Talks --q talk --preset phone"],
    exits=_OF_ONE,
    output="ShownFeed",
)
@click.argument("name", help="as podcast apps show it")
@click.option("--q", "text", metavar="TEXT", default="", help="only files with this in their name")
@click.option("--preset", type=PRESET, metavar="NAME", default="", help="only what has this preset's options")
@printing
@asking
def create(gateway: Gateway, name: str, text: str, preset: str, out: Printer) -> None:
    """Make a feed, and print its address."""
    wanted = {"name": name, "q": text, "preset": preset}
    with gateway.asking("POST", "/feeds", content=msgspec.json.encode(wanted)) as answer:
        feed, body = read_as(answer, Feed), answer.content
    out.one(body, lambda: _print(feed))


@command(examples=["tonearm feeds show 0199"], exits=_OF_ONE, output="ShownFeed")
@click.argument("feed", type=FEED, metavar="FEED", help="its id, the beginning of it, or its name")
@printing
@asking
def show(gateway: Gateway, feed: str, out: Printer) -> None:
    """Print a feed's address; at a terminal its QR code, too."""
    found, document = _meant(gateway, feed)
    out.one(document, lambda: _print(found))


@command(examples=["tonearm feeds revoke 0199"], exits=_OF_ONE, output=Revoked)
@click.argument("feed", type=FEED, metavar="FEED", help="its id, the beginning of it, or its name")
@printing
@asking
def revoke(gateway: Gateway, feed: str, out: Printer) -> None:
    """End a feed: its address opens nothing any more."""
    feed_id = _meant(gateway, feed)[0].feed_id
    with gateway.asking("DELETE", f"/feeds/{quote(feed_id, safe='')}"):
        told = f"feed {feed_id} is revoked: its address opens nothing any more"
        out.line(msgspec.json.encode(Revoked(feed_id)), told)


feeds = Group(
    "feeds",
    {
        "list": Entry("cli.handover.feeds:listing", "print your feeds"),
        "create": Entry("cli.handover.feeds:create", "make a feed, and print its address"),
        "show": Entry("cli.handover.feeds:show", "print a feed's address; at a terminal its QR code, too"),
        "revoke": Entry("cli.handover.feeds:revoke", "end a feed: its address opens nothing any more"),
    },
    usual="list",
    examples=['tonearm feeds create "My talks"', "tonearm feeds list"],
    help="Private podcasts of your audio: make, list, show and revoke them.",
)


def _meant(gateway: Gateway, text: str) -> tuple[Feed, bytes]:
    """Return the feed whose id begins with `text`, or that is called so, also as the gateway has written it.

    Raises NothingFound, and WrongArgument where several are meant.
    """
    feeds = {feed.feed_id: (feed, item) for item in items_at(gateway, "/feeds") if (feed := _read(item))}
    called_so = [feed_id for feed_id, (feed, _) in feeds.items() if feed.name == text]
    if len(called_so) > 1:
        raise WrongArgument(f"{len(called_so)} feeds are called {visible(text)}: give an id")
    feed_id = called_so[0] if called_so else meant(text, feeds, "feed")
    if feed_id is None:
        raise NothingFound(f"you have no feed {visible(text)}")
    return feeds[feed_id]


def _read(item: bytes) -> Feed:
    return msgspec.json.decode(item, type=Feed)


def _print(feed: Feed) -> None:
    """Print the address; at a terminal its QR code stands below."""
    print(feed.url)
    if sys.stdout.isatty():
        print(f"\n{code_of(feed.url)}\n")
        print("Point a phone's camera at it. Whoever has the address can hear what is in the feed.")
        if httpx.URL(feed.url).host in ("localhost", "127.0.0.1", "::1"):
            print("It leads to this machine alone: a phone needs the server's name in PUBLIC_URL.")
