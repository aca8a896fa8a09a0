"""`state`: a job as it was at some place of the log (time travel)."""

import argparse
import contextlib

import msgspec

from cli.errors import NothingFound
from cli.exits import Exit
from cli.log.formats import Format, pretty
from cli.log.ids import job_meant
from cli.log.keys import keys_at_hand
from cli.log.log import Line, Log, line
from cli.log.looks import screen_of
from cli.log.places import End, Ending, check, ending
from cli.pretty import write_json
from cli.remarks import say
from cli.replay.views.differences import differences, plain
from cli.servers import Servers
from cli.times import EXAMPLES
from events.envelope import Recorded
from events.errors import InvalidEvent
from events.log.stream import First, FromOffset, FromTime
from events.payload import Aggregate
from events.projections.job_view import JobView
from events.projections.jobs import evolve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--job", required=True, metavar="ID")
    add("--at", default="end", metavar="PLACE", help=f"end (default), OFFSET, or {EXAMPLES}; inclusive")
    add("--trace", action="store_true", help="show each event and what it changed")


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Print the view as JSON. Raises NothingFound when the log holds nothing of the job up to there."""
    at = ending(arguments.at)
    async with keys_at_hand(servers.mongodb_url, say) as keys:
        view = await _view(arguments, servers, Log(servers.need("stream_url"), say, keys), at)
    if view is None:
        place = "" if isinstance(at, End) else f" up to {arguments.at}"
        raise NothingFound(f"the log says nothing of job {arguments.job}{place}")
    write_json(msgspec.json.format(msgspec.json.encode(view), indent=2))
    return Exit.OK


async def _view(arguments: argparse.Namespace, servers: Servers, log: Log, at: Ending) -> JobView | None:
    """Return the job as it was; with --trace print what made it so."""
    ends = await log.ends()
    if ends and ends.first:
        say(f"the log begins at offset {ends.first}: what stood before it is gone")
    to = None if ends is None else min(ends.last, at.offset if isinstance(at, FromOffset) else ends.last)
    check(at, ends.last if ends else -1)
    job_id = await job_meant(log, arguments.job)
    needle = job_id.encode()
    view: JobView | None = None
    write = pretty(screen_of()) if arguments.trace else None
    if to is not None:
        async with contextlib.aclosing(log.read(First(), to)) as batches:
            async for batch in batches:
                for row in (line(record) for record in batch if needle in record.body):
                    if _concerns(row, job_id) and not (isinstance(at, FromTime) and row.time > at.time):
                        view = _step(view, row, write)
    return view


def _concerns(row: Line, job_id: str) -> bool:
    return row.event is not None and row.event.subject == job_id and row.event.aggregate is Aggregate.JOB


def _step(view: JobView | None, row: Line, write: Format | None) -> JobView | None:
    assert row.event is not None  # noqa: S101
    try:
        after = evolve(view, Recorded(row.offset, row.event))
    except InvalidEvent:
        after = view
    if write is not None:
        print(write(row).decode())
        before = plain(view) if view else {}
        for found in differences(before, plain(after) if after else {}):
            print(f"          {found.path}: {found.left} → {found.right}")
    return after
