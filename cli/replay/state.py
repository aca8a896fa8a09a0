"""`state`: jobs as they were at some place of the log (time travel)."""

import contextlib
from collections.abc import Sequence
from functools import partial

import click
import msgspec

from cli.errors import NothingFound
from cli.exits import Exit
from cli.log.choice import Choice
from cli.log.formats import Format, pretty
from cli.log.ids import jobs_meant
from cli.log.keys import keys_at_hand
from cli.log.log import Line, Log
from cli.log.looks import screen_of
from cli.log.places import End, Ending, ending
from cli.pretty import escaped, write_json
from cli.replay.options.named import named_jobs
from cli.replay.subcommand import subcommand
from cli.replay.views.differences import differences, plain
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.tree.printer import Printer, printing
from cli.tree.types import Read
from events.envelope import Recorded
from events.errors import InvalidEvent
from events.projections.job_view import JobView
from events.projections.jobs import evolve

_EMPTY = ("null", "[]", "false", '""')
"""Values that a job begins with: that they are there tells nothing."""


@subcommand(
    examples=[
        "tonearm replay state 01a2",
        "tonearm replay state @-1 --at 10:00",
        "tonearm replay state 01a2 --trace",
        "tonearm replay state 01a2 01a3 --format '{job_id} {state} {result[duration_seconds]}'",
    ],
    exits={Exit.NOTHING: "the log says nothing of the job up to there"},
    output=JobView,
)
@named_jobs
@click.option(
    "--at", type=Read("PLACE", ending), default="end", help="end (default), an OFFSET or a TIME; inclusive"
)
@click.option("--trace", is_flag=True, help="show each event, too, and what it changed")
@printing
async def state(servers: Servers, jobs: Sequence[str], at: Ending, trace: bool, out: Printer) -> Exit:
    """Show jobs as they were at some place of the log: all that their events had added up to.

    A TIME is a clock (10:00), a date, or how long ago (10m, 2 days). What has no zone is local.
    """
    if not jobs:
        raise click.UsageError("which job? @-1 is the last one")
    if trace and not out.for_people:
        raise click.UsageError("--trace is for people: it excludes --json and --format")
    write = pretty(screen_of()) if trace else None
    async with keys_at_hand(servers.mongodb_url, say) as keys:
        log = Log(servers.need("stream_url"), say, keys)
        views = await _views(log, await jobs_meant(log, jobs), at, write)
    for view in views.values():
        if view is not None:
            document = msgspec.json.encode(view)
            out.one(document, partial(write_json, msgspec.json.format(document, indent=2)))
    if unknown := [job_id for job_id, view in views.items() if view is None]:
        place = "" if isinstance(at, End) else " up to there"
        raise NothingFound(f"the log says nothing of job {', '.join(unknown)}{place}")
    return Exit.OK


async def _views(
    log: Log, job_ids: Sequence[str], at: Ending, write: Format | None
) -> dict[str, JobView | None]:
    """Return the jobs as they were; with `write` print what made them so."""
    views: dict[str, JobView | None] = dict.fromkeys(job_ids)
    choice = Choice(jobs=tuple(job_ids))
    ends = await log.ends()
    if ends and ends.first:
        say(f"the log begins at offset {ends.first}: what stood before it is gone")
    async with contextlib.aclosing(log.between(choice.beginning, at, marks=choice.marks)) as batches:
        async for rows in batches:
            for row in filter(choice.has, rows):
                job_id = row.event.subject if row.event else ""
                views[job_id] = _step(views[job_id], row, write)
    return views


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
            if view is None and found.right in _EMPTY:
                continue
            print(escaped(f"          {found.path}: {found.left} → {found.right}"))
    return after
