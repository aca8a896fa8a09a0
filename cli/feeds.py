"""`tonearm feeds`: private podcasts of your audio at a gateway: make, list, show, revoke.

Exit codes: 0 it is done; 2 the arguments are wrong; 4 there is no such feed; 69 the gateway is away; 70 the
gateway hands nothing out; 77 the account may not do this.
"""

import argparse
import io
import sys
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Struct

from cli.client import asking
from cli.client.answers import read_as
from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.exits import Exit
from cli.ids import meant
from cli.pretty import painted, visible, write_json
from cli.times import shown


class Feed(Struct, frozen=True):
    """A feed as it is listed. Its `url` is all that a podcast client needs."""

    feed_id: str
    name: str
    url: str
    created: datetime
    q: str = ""

    def __repr__(self) -> str:
        return f"Feed({self.feed_id!r})"


class Feeds(Struct, frozen=True):
    """All feeds of an account."""

    items: list[Feed]


def main(argv: list[str]) -> int:
    """Run `tonearm feeds`. Returns the exit code, or raises TonearmError."""
    arguments = _parser().parse_args(argv)
    with asking.signed_in(arguments) as gateway:
        _ACTIONS[arguments.action](gateway, arguments)
    return Exit.OK


def _list(gateway: Gateway, arguments: argparse.Namespace) -> None:
    with gateway.asking("GET", "/feeds") as answer:
        found, body = read_as(answer, Feeds), answer.content
    if arguments.json:
        write_json(body)
        return
    if not found.items:
        raise NothingFound("you have no feeds: `tonearm feeds create NAME` makes one")
    for feed in found.items:
        only = f"  only {feed.q!r}" if feed.q else ""
        print(visible(f"{feed.feed_id}  {shown(feed.created)}  {feed.name}{only}"))


def _create(gateway: Gateway, arguments: argparse.Namespace) -> None:
    wanted = {"name": arguments.name, "q": arguments.q, "preset": arguments.preset}
    with gateway.asking("POST", "/feeds", content=msgspec.json.encode(wanted)) as answer:
        feed, body = read_as(answer, Feed), answer.content
    if arguments.json:
        write_json(body)
        return
    _print(feed)


def _show(gateway: Gateway, arguments: argparse.Namespace) -> None:
    feed = _meant(gateway, arguments.feed)
    if arguments.json:
        write_json(msgspec.json.encode(feed))
        return
    _print(feed)


def _revoke(gateway: Gateway, arguments: argparse.Namespace) -> None:
    feed = _meant(gateway, arguments.feed)
    with gateway.asking("DELETE", f"/feeds/{quote(feed.feed_id, safe='')}"):
        if not arguments.json:
            print(f"feed {feed.feed_id} is revoked: its address opens nothing any more")


def _meant(gateway: Gateway, text: str) -> Feed:
    with gateway.asking("GET", "/feeds") as answer:
        feeds = {feed.feed_id: feed for feed in read_as(answer, Feeds).items}
    feed_id = meant(text, feeds, "feed")
    if feed_id is None:
        raise NothingFound(f"you have no feed {visible(text)}")
    return feeds[feed_id]


def _print(feed: Feed) -> None:
    """Print the address; at a terminal its QR code stands below."""
    print(feed.url)
    if sys.stdout.isatty():
        print(f"\n{code_of(feed.url)}\n")
        print("Point a phone's camera at it. Whoever has the address can hear what is in the feed.")
        if httpx.URL(feed.url).host in ("localhost", "127.0.0.1", "::1"):
            print("It leads to this machine alone: a phone needs the server's name in PUBLIC_URL.")


def code_of(url: str) -> str:
    """Return a QR code in half blocks, white on black in terminals of any colours."""
    import segno

    drawn = io.StringIO()
    segno.make(url, error="m", micro=False).terminal(drawn, border=2, compact=True)
    return "\n".join(painted(line, "97;40") for line in drawn.getvalue().splitlines())


_ACTIONS: dict[str, Callable[[Gateway, argparse.Namespace], None]] = {
    "list": _list,
    "create": _create,
    "show": _show,
    "revoke": _revoke,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tonearm feeds",
        description="Private podcasts of your audio: make, list, show and revoke them.",
        epilog=" ".join((__doc__ or "").partition("\n\n")[2].split()),
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="SUBCOMMAND")
    listing = actions.add_parser("list", help="print your feeds")
    create = actions.add_parser("create", help="make a feed, and print its address")
    create.add_argument("name", help="its name, as podcast apps show it")
    create.add_argument("--q", metavar="TEXT", default="", help="only files with this in their name")
    create.add_argument("--preset", metavar="NAME", default="", help="only what has this preset's options")
    show = actions.add_parser("show", help="print a feed's address; at a terminal its QR code, too")
    revoke = actions.add_parser("revoke", help="end a feed: its address opens nothing any more")
    for each in (show, revoke):
        each.add_argument("feed", metavar="FEED_ID", help="or the beginning of it")
    for each in (listing, create, show, revoke):
        each.add_argument("--json", action="store_true", help="as the gateway's JSON")
        asking.add_arguments(each, "feeds")
    return parser
