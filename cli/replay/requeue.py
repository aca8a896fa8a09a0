"""`requeue`: give failed jobs another run.

Publishes `job.requeued`, which is the work message too. The event's id is made of the job and the run, so
asking twice for the same run is one fact in the log, and one run.
"""

import asyncio
import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
from msgspec import DecodeError, Struct

from cli.errors import NothingFound, Refused
from cli.exits import Exit
from cli.replay.options.named import named_jobs
from cli.replay.subcommand import subcommand
from cli.replay.views.versions import Version, live
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.times import shown
from cli.tree.printer import Column, Printer, printing
from cli.tree.types import TIME, Read
from events.envelope import Event, job_event
from events.log.publisher import Publisher
from events.privacy.job_keys import JobKeys
from events.projections.another_run import another_run
from events.projections.job_view import JobView, State
from events.types import FailureCode
from events.views.documents import unpack
from events.work.turns import FIRST

SOURCE = "/replay"


def _pause(rate: str) -> float:
    """Return the seconds between two events at this rate. Raises ValueError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)/([smh])", rate)
    if match is None or float(match[1]) <= 0:
        raise ValueError(f"takes 5/s, 30/m or 100/h, not {rate!r}")
    return {"s": 1, "m": 60, "h": 3600}[match[2]] / float(match[1])


class Failed(Struct, frozen=True, kw_only=True):
    """A failed job: its run, and when and why that failed."""

    job_id: str
    run: int
    failed_at: datetime
    code: str
    filename: str


COLUMNS = (
    Column[Failed]("JOB", lambda each: each.job_id),
    Column[Failed]("RUN", lambda each: str(each.run), right=True),
    Column[Failed]("FAILED", lambda each: shown(each.failed_at)),
    Column[Failed]("CODE", lambda each: each.code),
    Column[Failed]("FILE", lambda each: each.filename, cut=True),
)


class Wanted(Struct, frozen=True, kw_only=True):
    """The failed jobs that are meant. Ids are as they were typed."""

    jobs: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    since: datetime | None = None
    all_failed: bool = False


def wanted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare which failed jobs are meant, and give the function `which`."""

    @named_jobs
    @click.option(
        "--code",
        "codes",
        multiple=True,
        type=click.Choice([code.value for code in FailureCode]),
        metavar="CODE",
        help="failed for this, such as internal; may be repeated",
    )
    @click.option(
        "--since", type=TIME, help="failed since then: 10:00, a date, or how long ago (10m, 2 days)"
    )
    @click.option("--all-failed", is_flag=True, help="every failed job")
    @functools.wraps(function)
    def given(*first: Any, **options: Any) -> Any:
        which = Wanted(**{name: options.pop(name) for name in Wanted.__struct_fields__})
        if which == Wanted():
            raise click.UsageError("say which: ID…, --code, --since, or --all-failed")
        return function(*first, which=which, **options)

    return given


@subcommand(
    examples=[
        "tonearm replay requeue --code internal --since 1h",
        "tonearm replay requeue --code internal --since 1h --yes --rate 30/m",
        "tonearm replay requeue 01a2 --yes",
    ],
    exits={Exit.NOTHING: "there is no such job"},
    output=Failed,
    writes=True,
)
@wanted
@click.option(
    "--rate", "pause", type=Read("N/s", _pause), default="5/s", show_default=True, help="or 30/m, 100/h"
)
@click.option("--yes", is_flag=True, help="do it; without this, only name the jobs")
@printing
async def requeue(servers: Servers, which: Wanted, pause: float, yes: bool, out: Printer) -> Exit:
    """Give failed jobs another run: name them, and with --yes publish that they run again.

    The event's id is made of the job and the run, so asking twice for the same run is one run.
    """
    async with servers.database() as database:
        views = await live(database)
        failed = await _failed(views, [await views.job_meant(job) for job in which.jobs])
    chosen = [
        view
        for view in failed
        if (not which.codes or (view.error and view.error.code in which.codes))
        and (which.since is None or _failed_at(view) >= which.since)
    ]
    out.table(map(msgspec.json.encode, map(_named, chosen)), Failed, COLUMNS)
    out.beside(f"{len(chosen):,} of {len(failed):,} failed jobs")
    if not yes:
        out.beside("dry run: nothing was published; --yes does it")
    elif chosen:
        await _publish(servers, _requeued(chosen), pause)
        out.beside(f"requeued: {len(chosen):,}")
    return Exit.OK


def _named(view: JobView) -> Failed:
    return Failed(
        job_id=view.job_id,
        run=view.run,
        failed_at=_failed_at(view),
        code=view.error.code if view.error else "?",
        filename=view.filename,
    )


async def _failed(version: Version, job_ids: list[str]) -> list[JobView]:
    """Return the failed jobs, or of those named each; names those that cannot run again.

    Raises Refused, and NothingFound for a job that there is not.
    """
    query: dict[str, object] = {"_id": {"$in": job_ids}} if job_ids else {"state": State.FAILED.value}
    views: list[JobView] = []
    async for batch in version.documents(query):
        for each in batch:
            try:
                views.append(unpack(each))
            except (KeyError, TypeError, DecodeError) as error:
                raise Refused(f"the stored view {each['_id']} is damaged; `verify` tells more") from error
    if unknown := set(job_ids) - {view.job_id for view in views}:
        raise NothingFound(f"no such job: {', '.join(sorted(unknown))}")
    for view in views:
        if view.state is not State.FAILED:
            raise Refused(f"job {view.job_id} is {view.state}, not failed")
    for view in views:
        if view.video is None:
            say(f"job {view.job_id} is left out: the log does not tell of its upload")
        elif view.video_removal is not None:
            say(f"job {view.job_id} is left out: its video was removed")
    able = (view for view in views if view.video and not view.video_removal)
    return sorted(able, key=lambda view: view.job_id)


def _failed_at(view: JobView) -> datetime:
    times = [entry.time for entry in view.timeline if entry.state is State.FAILED and entry.run == view.run]
    return max(times, default=view.updated).astimezone(UTC)


def _requeued(views: Iterable[JobView]) -> list[Event]:
    """Return the events. Of each account the first wait among the first jobs, the others in bulk."""
    of_account: Counter[str] = Counter()
    events: list[Event] = []
    for view in views:
        events.append(_another_run(view, bulk=of_account[view.account] >= FIRST))
        of_account[view.account] += 1
    return events


def _another_run(view: JobView, *, bulk: bool) -> Event:
    video = view.video
    assert video is not None  # noqa: S101
    payload = another_run(video, view.run, bulk=bulk)
    return job_event(payload, job_id=view.job_id, account=view.account, source=SOURCE)


async def _publish(servers: Servers, events: list[Event], pause: float) -> None:
    async with (
        servers.database() as database,
        Publisher(servers.need("rabbitmq_url"), name="replay requeue", keys=JobKeys(database)) as publisher,
    ):
        for count, event in enumerate(events):
            if count:
                await asyncio.sleep(pause)
            await publisher.publish(event)
