"""`tonearm links`: links by which people without an account hear your audio: make, list, revoke.

Exit codes: 0 it is done; 2 the arguments are wrong; 4 there is no such job or link; 69 the gateway is away;
70 there is no audio, no part can be cut out of it, or the gateway hands nothing out; 77 the account may not
do this.
"""

import argparse
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cli.client import asking
from cli.client.answers import read_as
from cli.client.gateway import Gateway
from cli.errors import NothingFound, WrongArgument
from cli.exits import Exit
from cli.ids import meant
from cli.jobs.which import job_meant
from cli.pretty import clock, visible, write_json
from cli.times import shown
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


class Links(Struct, frozen=True):
    """Some of the links of an account, or all of a job, as the gateway has written them."""

    items: list[msgspec.Raw]
    next_cursor: str | None = None


def main(argv: list[str]) -> int:
    """Run `tonearm links`. Returns the exit code, or raises TonearmError."""
    arguments = _parser().parse_args(argv)
    with asking.signed_in(arguments) as gateway:
        _ACTIONS[arguments.action](gateway, arguments)
    return Exit.OK


def _create(gateway: Gateway, arguments: argparse.Namespace) -> None:
    wanted = {
        "expires_in": _life(arguments.life),
        "start": _time("start", arguments.start),
        "end": _time("end", arguments.end),
    }
    job_id = job_meant(gateway, arguments.job)
    path = f"/jobs/{quote(job_id, safe='')}/links"
    with gateway.asking("POST", path, content=msgspec.json.encode(wanted)) as answer:
        link, body = read_as(answer, Link), answer.content
    if arguments.json:
        write_json(body)
    else:
        print(link.url)


def _list(gateway: Gateway, arguments: argparse.Namespace) -> None:
    found = False
    for item in _all(gateway, arguments.job and job_meant(gateway, arguments.job)):
        found, link = True, _link(item)
        if arguments.json:
            write_json(bytes(item))
        else:
            print(visible(f"{link.link_id}  until {shown(link.expires)}  {link.filename}{_part(link)}"))
    if not found:
        raise NothingFound("nothing is shared: `tonearm links create JOB` makes a link")


def _revoke(gateway: Gateway, arguments: argparse.Namespace) -> None:
    ids = (_link(item).link_id for item in _all(gateway))
    link_id = meant(arguments.link, ids, "link")
    if link_id is None:
        raise NothingFound(f"you have no link {visible(arguments.link)}")
    with gateway.asking("DELETE", f"/links/{quote(link_id, safe='')}"):
        if not arguments.json:
            print(f"link {link_id} is revoked: it leads nowhere any more")


def _all(gateway: Gateway, job_id: str | None = None) -> Iterator[msgspec.Raw]:
    """Yield the links that are good now: of a job, or all."""
    path = "/links" if job_id is None else f"/jobs/{quote(job_id, safe='')}/links"
    params: dict[str, str] = {}
    while True:
        with gateway.asking("GET", path, params=params) as answer:
            page = read_as(answer, Links)
        yield from page.items
        if page.next_cursor is None:
            return
        params["cursor"] = page.next_cursor


def _link(item: msgspec.Raw) -> Link:
    return msgspec.json.decode(item, type=Link)


def _part(link: Link) -> str:
    return "" if link.start is None or link.end is None else f"  {clock(link.start)} to {clock(link.end)}"


def _life(text: str | None) -> float | None:
    seconds = None if text is None else span(text)
    if text is not None and seconds is None:
        raise WrongArgument(f"--for: {visible(text)} is no length of time such as 90m, 12h or 7d")
    return seconds


def _time(name: str, text: str | None) -> float | None:
    """Read a second of the audio as people write it, such as 1:30."""
    try:
        seconds: float | None = None if text is None else value(name, text)
    except NotUnderstood as error:
        raise WrongArgument(f"--{name}: {visible(str(error))}") from None
    return seconds


_ACTIONS: dict[str, Callable[[Gateway, argparse.Namespace], None]] = {
    "create": _create,
    "list": _list,
    "revoke": _revoke,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tonearm links",
        description="Links by which people without an account hear your audio: make, list and revoke them.",
        epilog=" ".join((__doc__ or "").partition("\n\n")[2].split()),
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="SUBCOMMAND")
    create = actions.add_parser("create", help="make a link to a job's audio, and print it")
    create.add_argument("job", metavar="JOB_ID", help="or the beginning of it")
    create.add_argument(
        "--for", dest="life", metavar="TIME", help="how long it is good: 90m, 12h, 7d; else as long as can be"
    )
    create.add_argument("--start", metavar="TIME", help="only the part from here: 90, 1:30")
    create.add_argument("--end", metavar="TIME", help="only the part up to here; of an MP3")
    listing = actions.add_parser("list", help="print the links that are good now, of a job or all")
    listing.add_argument("job", metavar="JOB_ID", nargs="?", help="or the beginning of it")
    revoke = actions.add_parser("revoke", help="end a link: it leads nowhere any more")
    revoke.add_argument("link", metavar="LINK_ID", help="or the beginning of it")
    for each in (create, listing, revoke):
        each.add_argument("--json", action="store_true", help="as the gateway's JSON, one object a line")
        asking.add_arguments(each, "links")
    return parser
