"""`requeue`: give failed jobs another run.

Publishes `job.requeued`, which is the work message too. The event's id is made of the job and the run, so
asking twice for the same run is one fact in the log, and one run.
"""

import argparse
import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import DecodeError

from cli.errors import Refused, WrongArgument
from cli.exits import Exit
from cli.log import places
from cli.remarks import say
from cli.replay.views.versions import Version, live
from cli.servers import Servers
from cli.times import EXAMPLES, shown
from events.envelope import Event, job_event
from events.log.publisher import Publisher
from events.privacy.job_keys import JobKeys
from events.projections.another_run import another_run
from events.projections.job_view import JobView, State
from events.types import FailureCode
from events.views.documents import unpack
from events.work.turns import FIRST

SOURCE = "/replay"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--job", action="append", default=[], metavar="ID", help="this failed job; may be repeated")
    add(
        "--code",
        action="append",
        default=[],
        choices=[code.value for code in FailureCode],
        help="failed for this",
    )
    add("--since", metavar="TIME", help=f"failed since then: {EXAMPLES}")
    add("--all-failed", action="store_true", help="every failed job")
    add("--rate", default="5/s", metavar="N/s", help="at most so many: 5/s (default), 30/m")
    add("--yes", action="store_true", help="do it; without this, only name the jobs")


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Name the jobs, and with --yes publish. Raises Refused, WrongArgument, Unavailable."""
    pause = _pause(arguments.rate)
    since = places.since(arguments.since)
    if not (arguments.job or arguments.code or since or arguments.all_failed):
        raise WrongArgument("say which: --job, --code, --since, or --all-failed")
    async with servers.database() as database:
        views = await live(database)
        failed = await _failed(views, [await views.job_meant(job) for job in arguments.job])
    chosen = [
        view
        for view in failed
        if (not arguments.code or (view.error and view.error.code in arguments.code))
        and (since is None or _failed_at(view) >= since.time)
    ]
    for view in chosen:
        code = view.error.code if view.error else "?"
        print(f"{view.job_id}  run {view.run} failed {shown(_failed_at(view))}  {code}  {view.filename}")
    print(f"{len(chosen):,} of {len(failed):,} failed jobs")
    if not arguments.yes:
        print("dry run: nothing was published; --yes does it")
    elif chosen:
        await _publish(servers, _requeued(chosen), pause)
    return Exit.OK


async def _failed(version: Version, job_ids: list[str]) -> list[JobView]:
    """Return the failed jobs, or of those named each; names those that cannot run again. Raises Refused."""
    query: dict[str, object] = {"_id": {"$in": job_ids}} if job_ids else {"state": State.FAILED.value}
    views: list[JobView] = []
    async for batch in version.documents(query):
        for each in batch:
            try:
                views.append(unpack(each))
            except (KeyError, TypeError, DecodeError) as error:
                raise Refused(f"the stored view {each['_id']} is damaged; `verify` tells more") from error
    if unknown := set(job_ids) - {view.job_id for view in views}:
        raise Refused(f"no such job: {', '.join(sorted(unknown))}")
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
    print(f"requeued: {len(events):,}")


def _pause(rate: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)/([smh])", rate)
    if match is None or float(match[1]) <= 0:
        raise WrongArgument(f"--rate takes 5/s, 30/m or 100/h, not {rate!r}")
    return {"s": 1, "m": 60, "h": 3600}[match[2]] / float(match[1])
