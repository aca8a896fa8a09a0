"""The stored usage, against a MongoDB-wire server: exact whatever dies between its writes."""

from datetime import UTC, datetime
from random import Random

import pytest
from making import started, uploaded
from msgspec.structs import replace

from events.envelope import Event, Recorded, consequence, encode, job_event
from events.errors import LeaseLost
from events.log.stream import RawRecord
from events.projections.jobs import evolve
from events.projections.usage import Usage, moved
from events.types import (
    DeletionReason,
    FailureCode,
    JobAudioRemoved,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobErased,
    JobFailed,
    JobPayload,
    JobRequeued,
    JobStarted,
    JobUploaded,
    JobVideoRemoved,
)
from events.views.projector import project, with_usage
from events.views.store import Checkpoint, JobViews, ViewStore

pytestmark = pytest.mark.servers


def raw(log: list[Event]) -> list[RawRecord]:
    return [RawRecord(offset, 0.0, encode(event)) for offset, event in enumerate(log)]


def anew(log: list[Event]) -> dict[str, Usage]:
    """The usage by the whole log, at once."""
    views = {}
    for offset, event in enumerate(log):
        if event.type.startswith("job."):
            views[event.subject] = evolve(views.get(event.subject), Recorded(offset, event))
    return moved({}, [(None, view) for view in views.values() if view])


async def stored(store: ViewStore) -> dict[str, Usage]:
    return {account: usage async for account, usage in store.usage.all()}


async def test_a_projector_that_dies_between_any_two_writes_counts_nothing_twice_and_nothing_never(database):
    log = whole_lives(60, Random(7))  # noqa: S311 - no secret
    records, store = raw(log), JobViews(database).version(1)
    checkpoint: Checkpoint | None = None
    at = 0
    for step, width in enumerate((30, 10, 60, 20, 50, 5, 30, 40)):
        died = DyingStore(database, store.name, after=step % 4)
        with pytest.raises(Died):
            await project(died, checkpoint, records[at : at + width])
        narrower = max(1, width // 3) if step % 2 else width  # the next one comes upon another batch
        checkpoint = await project(store, checkpoint, records[at : at + narrower])
        at += narrower
    checkpoint = await project(store, checkpoint, records[at:])

    told = await stored(store)
    assert told == anew(log)
    assert {usage.jobs_open for usage in told.values()} != {0}
    assert all(usage.bytes_stored > 0 for usage in told.values())
    assert checkpoint is not None
    assert checkpoint.has_usage


VIDEO = {"filename": "a.mp4", "content_type": "video/mp4", "bytes": 1000, "sha256": "0" * 64, "video_id": "v"}


def converted(run: int) -> JobConverted:
    return JobConverted(
        run=run, attempt=1, audio_id="a", bytes=77, sha256="1" * 64, duration_seconds=1.2345, bit_rate=0,
        sample_rate=0, channels=2, seconds_spent=1.0, engine="test",
    )  # fmt: skip


USER = DeletionReason.USER
STARTED = JobStarted(run=1, attempt=1, worker="w")
FAILED = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="The video has no sound.")
STORIES: list[list[JobPayload]] = [
    [JobUploaded(**VIDEO), STARTED, converted(1), JobDeleted(reason=USER)],
    [
        JobUploaded(**VIDEO, family="first"),
        STARTED,
        converted(1),
        JobAudioRemoved(run=1, reason=USER, sha256="1"),
    ],
    [
        *(JobUploaded(**VIDEO), STARTED, FAILED),
        *(JobRequeued(run=2, **VIDEO), converted(2), JobVideoRemoved(reason=USER, sha256="0")),
    ],
    [JobUploaded(**VIDEO), STARTED, JobCancelled(run=1), converted(1)],
    [JobUploaded(**VIDEO, family="first"), STARTED],
]


def whole_lives(jobs: int, chance: Random) -> list[Event]:
    """A log of three accounts' jobs, some at a time, with every end that a job and its files can have."""
    waiting = [life(number) for number in range(jobs)]
    log = []
    while waiting := [told for told in waiting if told]:
        log.append(chance.choice(waiting[:12]).pop(0))
    return log


def life(number: int) -> list[Event]:
    """One job's events, its files erased where they are to go."""
    told: list[Event] = []
    for payload in STORIES[number % len(STORIES)]:
        time = datetime(2026, 11, 1 + number % 30, tzinfo=UTC)
        told.append(
            job_event(
                payload, job_id=f"job-{number}", account=f"account-{number % 3}", source="/t", time=time
            )
        )
        if isinstance(payload, JobDeleted | JobVideoRemoved):
            told.append(consequence(told[-1], JobErased(about=payload.TYPE, videos=1, audio=1), source="/t"))
    return told


class Died(Exception):
    """The process is gone."""


class DyingStore(ViewStore):
    """A store whose process dies after so many of its writes: usage, new views, other views; then never."""

    def __init__(self, database, name: str, *, after: int) -> None:
        super().__init__(database, name)
        self._left = after
        move = self.usage.move

        async def moving(old, new) -> bool:
            self._live_on()
            return await move(old, new)

        self.usage.move = moving  # type: ignore[method-assign]

    def _live_on(self) -> None:
        if self._left == 0:
            raise Died
        self._left -= 1

    async def add(self, views) -> None:
        self._live_on()
        await super().add(views)

    async def save(self, views) -> None:
        views = list(views)
        self._live_on()
        await super().save(views[: len(views) // 2])  # in the middle of a bulk write, say

    async def move_checkpoint(self, old, new) -> bool:
        raise Died


async def test_of_two_projectors_at_once_one_counts(database):
    store = JobViews(database).version(1)
    records = raw([uploaded("j1"), uploaded("j2"), started("j1")])
    first = await project(store, None, records[:1])
    usages = await store.usage.get_many(["account-1"])
    await project(store, first, records[1:2])

    with pytest.raises(LeaseLost):
        await project(SlowStore(database, store.name, usages), first, records[1:])
    assert (await store.usage.get("account-1")).jobs_open == 2


class SlowStore(ViewStore):
    """A store that has read its usages a while ago."""

    def __init__(self, database, name: str, then: dict[str, Usage]) -> None:
        super().__init__(database, name)

        async def get_many(accounts) -> dict[str, Usage]:
            return then

        self.usage.get_many = get_many  # type: ignore[method-assign]


async def test_views_that_were_moved_without_usage_are_counted_once_all_are_at_the_checkpoint(database):
    """As by a version from before usage, which took over for a while and died in the middle of a batch."""
    store = JobViews(database).version(1)
    log = [uploaded("j1"), uploaded("j2"), started("j1"), uploaded("j3"), started("j2")]
    records = raw(log)
    counted = await project(store, None, records[:1])
    without = replace(counted, usage=None)
    assert await store.move_checkpoint(counted, without)
    behind = await project(store, without, records[1:2])
    third = evolve(None, Recorded(3, log[3]))
    await store.save([third] if third else [])

    assert await with_usage(store, behind) == behind, "a view is ahead: what others lack is not known"
    later = await project(store, behind, records[2:4])
    assert not later.has_usage
    later = await with_usage(store, later)
    assert later == await store.checkpoint()
    assert later.has_usage
    await project(store, later, records[4:])

    assert await stored(store) == anew(log)


async def test_a_version_is_dropped_with_its_usage(database):
    store = JobViews(database).version(1)
    await project(store, None, raw([uploaded("j1")]))

    await store.drop()

    assert await stored(store) == {}
