"""`show`: print a part of the log."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from cli.errors import NothingFound, WrongArgument
from cli.exits import Exit
from cli.log.formats import FIELDS, Format, as_json, as_raw, pretty, template
from cli.log.ids import account_meant, job_meant
from cli.log.keys import keys_at_hand
from cli.log.log import Line, Log
from cli.log.looks import screen_of
from cli.log.places import Beginning, Ending, beginning, ending
from cli.numbers import at_most
from cli.remarks import say
from cli.servers import Servers
from cli.times import EXAMPLES
from events.payload import Aggregate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add(
        "--from",
        dest="begin",
        default="first",
        metavar="PLACE",
        help=f"first (default), last, OFFSET, -N, or {EXAMPLES}",
    )
    add("--to", dest="end", default="end", metavar="PLACE", help="end (default), OFFSET, TIME; inclusive")
    add(
        "--type", action="append", default=[], metavar="GLOB", help="this type only: 'job.*'; may be repeated"
    )
    add("--job", metavar="ID", help="this job only")
    add("--account", metavar="ID", help="this account only")
    add("--limit", type=at_most, metavar="N", help="at most so many")
    add("--format", choices=["pretty", "jsonl", "raw", "template"], help="default: pretty")
    add(
        "--template",
        metavar="TEXT",
        help=f"such as '{{offset}} {{type}} {{subject}}'; names: {', '.join(FIELDS)}",
    )
    add(
        "-v",
        "--verbose",
        action="store_true",
        help="what ffmpeg was called with, too; formats for programs always have it",
    )
    add("--follow", action="store_true", help="go on with what is published from now on")


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Print the lines. Raises WrongArgument, NothingFound, Unavailable, LogDamaged."""
    begin, end, write = beginning(arguments.begin), ending(arguments.end), _format(arguments)
    if arguments.limit == 0:
        return Exit.OK
    url = servers.need("stream_url")
    if write is as_raw:
        return await _show(arguments, Log(url, say), begin, end, write)
    async with keys_at_hand(servers.mongodb_url, say) as keys:
        return await _show(arguments, Log(url, say, keys), begin, end, write)


async def _show(
    arguments: argparse.Namespace, log: Log, begin: Beginning, end: Ending, write: Format
) -> Exit:
    left = arguments.limit
    keep = _filter(
        arguments.type,
        await job_meant(log, arguments.job) if arguments.job else None,
        await account_meant(log, arguments.account) if arguments.account else None,
    )
    found = False
    async with contextlib.aclosing(log.between(begin, end, follow=arguments.follow)) as batches:
        async for batch in batches:
            chosen = [line for line in batch if keep(line)][:left]
            found |= bool(chosen)
            sys.stdout.buffer.write(b"".join([write(line) + b"\n" for line in chosen]))
            sys.stdout.buffer.flush()
            if left is not None and (left := left - len(chosen)) <= 0:
                break
    if not found:
        raise NothingFound("nothing of this is in the log")
    return Exit.OK


def _filter(types: Sequence[str], job: str | None, account: str | None) -> Callable[[Line], bool]:
    """Return the filter. A line that is no event has no type, job or account: any of these drops it."""

    def keep(line: Line) -> bool:
        event = line.event
        if event is None:
            return not (types or job or account)
        return (
            (not types or any(fnmatchcase(event.type, glob) for glob in types))
            and (job is None or (event.subject == job and event.aggregate is Aggregate.JOB))
            and (account is None or event.account == account)
        )

    return keep


def _format(arguments: argparse.Namespace) -> Format:
    match arguments.format or ("template" if arguments.template else "pretty"):
        case "template":
            if arguments.template is None:
                raise WrongArgument("--format template needs --template TEXT")
            return template(arguments.template)
        case "jsonl":
            return as_json
        case "raw":
            return as_raw
        case _:
            return pretty(screen_of(), whole=arguments.verbose)
