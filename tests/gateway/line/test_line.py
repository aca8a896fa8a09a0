"""The line, in a world without clocks: who is next, and whether what was promised comes true."""

import heapq
import random
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from events.envelope import Recorded, job_event
from events.log.topology import BULK, VIDEO, VIDEOS
from events.media import Media, Track
from events.options import Format, Options
from events.projections.jobs import fold
from events.types import (
    FailureCode,
    JobCancelled,
    JobConverted,
    JobFailed,
    JobPayload,
    JobProbed,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobUploaded,
)
from events.work.turns import FIRST, Turns
from gateway.line.line import Line
from gateway.line.open_jobs import OpenJobs

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
FACTS: dict[str, Any] = {
    "filename": "a.mp4",
    "content_type": "video/mp4",
    "sha256": "0" * 64,
    "video_id": "v",
}
MADE: dict[str, Any] = {
    "audio_id": "a",
    "bytes": 1,
    "sha256": "0" * 64,
    "duration_seconds": 1.0,
    "bit_rate": 1,
    "sample_rate": 44100,
    "channels": 2,
    "seconds_spent": 1.0,
    "engine": "e",
}


class Log:
    """Events of jobs, one after the other."""

    def __init__(self, *lines: Line) -> None:
        self.lines, self.offsets = lines, count()

    def tell(self, at: float, job_id: str, payload: JobPayload, account: str = "a") -> Recorded:
        time = datetime.fromtimestamp(NOON + at, UTC)
        event = job_event(payload, job_id=job_id, account=account, source="/tests", time=time)
        recorded = Recorded(next(self.offsets), event)
        for line in self.lines:
            line.take(recorded, NOON + at)
        return recorded

    def upload(
        self, at: float, job_id: str, account: str = "a", *, size: int = 1000, **more: Any
    ) -> Recorded:
        with self.lines[0].joining(account, job_id) as bulk:
            payload = JobUploaded(**FACTS, bytes=size, bulk=bulk, **more)
            return self.tell(at, job_id, payload, account)


def places(line: Line, *job_ids: str, at: float = 60.0) -> list[int | None]:
    found = [line.forecast(job_id, NOON + at) for job_id in job_ids]
    return [each.place if each else None for each in found]


def test_of_each_account_four_wait_among_the_first_and_the_others_in_bulk():
    line = Line()
    log = Log(line)
    of_many = [log.upload(n, f"many{n}", "many") for n in range(20)]
    of_one = log.upload(20, "one0", "one")
    in_bulk = [each.event.payload().bulk for each in of_many]
    assert in_bulk == [False] * FIRST + [True] * (20 - FIRST)
    assert not of_one.event.payload().bulk
    assert places(line, "many0", "many3", "one0", "many4", "many5") == [1, 4, 6, 5, 7]


def test_a_job_that_begins_is_told_of_without_playing_the_whole_line_through():
    plays = []
    line = Line(slots=lambda: plays.append(1) or 1)
    log = Log(line)
    for n in range(3):
        log.upload(n, f"j{n}")
    assert places(line, "j0", "j1", at=3) == [1, 2]
    so_far = len(plays)
    log.tell(3, "j0", JobStarted(run=1, attempt=1, worker="w"))
    assert places(line, "j0", at=3.1) == [0]
    assert len(plays) == so_far


def test_an_account_whose_jobs_are_over_waits_among_the_first_again():
    line = Line()
    log = Log(line)
    for n in range(FIRST):
        log.upload(n, f"j{n}")
    log.tell(5, "j0", JobCancelled(run=1))
    assert not log.upload(6, "next").event.payload().bulk
    assert log.upload(7, "after").event.payload().bulk


def test_jobs_that_are_published_at_the_same_moment_are_counted():
    line = Line()
    with ExitStack() as joining:
        bulk = [joining.enter_context(line.joining("a", f"j{n}")) for n in range(FIRST + 1)]
        assert bulk == [False] * FIRST + [True]
        assert not joining.enter_context(line.joining("b", "another"))
    with line.joining("a", "later") as later:
        assert not later


def test_a_job_that_is_read_before_its_publication_is_over_counts_once():
    line = Line()
    log = Log(line)
    with ExitStack() as joining:
        for n in range(FIRST - 1):
            joining.enter_context(line.joining("a", f"j{n}"))
            log.tell(n, f"j{n}", JobUploaded(**FACTS, bytes=1))
        with line.joining("a", "last") as last:
            assert not last


def test_a_job_moves_up_is_worked_on_waits_again_and_leaves():
    line = Line()
    log = Log(line)
    log.upload(0, "j0")
    log.upload(1, "j1")
    assert places(line, "j0", "j1") == [1, 2]
    log.tell(2, "j0", JobStarted(run=1, attempt=1, worker="w"))
    assert places(line, "j0", "j1", at=61) == [0, 1]
    log.tell(3, "j0", JobRetrying(run=1, attempt=1, reason="r", delay_seconds=100.0))
    assert places(line, "j0", "j1", at=62) == [2, 1], "its next attempt is to come"
    log.tell(4, "j1", JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="m"))
    log.tell(104, "j0", JobStarted(run=1, attempt=2, worker="w"))
    assert places(line, "j0", "j1", at=105) == [0, None]
    log.tell(106, "j0", JobConverted(run=1, attempt=2, **MADE))
    assert places(line, "j0", at=107) == [None]
    log.tell(108, "j0", JobRequeued(run=2, **FACTS, bytes=1))
    assert places(line, "j0", at=109) == [1]
    assert len(line) == 1


def test_the_time_left_runs_from_when_the_last_worker_began_whose_forerunner_died():
    jobs, log = OpenJobs(), Log(Line())
    jobs.take(log.upload(0, "j0"))
    for at in (1, 60, 30):
        jobs.take(log.tell(at, "j0", JobStarted(run=1, attempt=1, worker="w")))
    assert [job.began for job in jobs] == [NOON + 60]


STORY: list[JobPayload] = [
    JobUploaded(**FACTS, bytes=1),
    JobStarted(run=1, attempt=1, worker="w"),
    JobRetrying(run=1, attempt=1, reason="r", delay_seconds=5.0),
    JobStarted(run=1, attempt=2, worker="w"),
    JobFailed(run=1, attempt=2, code=FailureCode.INTERNAL, message="m"),
    JobRequeued(run=2, **FACTS, bytes=1),
    JobStarted(run=2, attempt=1, worker="w"),
]


@given(st.integers(1, len(STORY)), st.integers(0, len(STORY)))
def test_a_line_that_begins_in_the_middle_comes_to_the_same(upto, stored):
    """It begins with a stored view, and reads events again that the view has already."""
    whole, later = Line(), Line()
    log = Log(whole)
    told = [log.tell(n, "j", payload) for n, payload in enumerate(STORY[:upto])]
    view = fold(told[:stored])
    if view:
        later.restore(view)
    for recorded in told:
        later.take(recorded, NOON)
    assert places(whole, "j") == places(later, "j")


@given(st.integers(1, len(STORY)), st.integers(0, len(STORY)))
def test_a_stored_view_that_comes_late_takes_no_job_back(upto, stored):
    whole, later = Line(), Line()
    log = Log(whole, later)
    told = [log.tell(n, "j", payload) for n, payload in enumerate(STORY[:upto])]
    if view := fold(told[:stored]):
        later.restore(view)
    assert places(whole, "j") == places(later, "j")


@given(st.permutations(STORY[1:5]))
def test_what_comes_late_brings_no_job_back(events):
    line = Line()
    log = Log(line)
    log.tell(0, "j", STORY[0])
    for payload in events:
        log.tell(1, "j", payload)
    log.tell(0, "j", STORY[0])
    assert places(line, "j") == [None]
    assert len(line) == 0


def test_nothing_is_promised_while_no_converter_is_alive_or_none_has_converted_anything():
    slots = 1
    line = Line(lambda: slots)
    log = Log(line)
    log.upload(0, "j0")
    assert line.forecast("j0", NOON).left is None
    log.tell(1, "j0", JobStarted(run=1, attempt=1, worker="w"))
    log.tell(11, "j0", JobConverted(run=1, attempt=1, **MADE))
    log.upload(12, "j1")
    promised = line.forecast("j1", NOON + 12).left
    assert promised.least < 10 < promised.most
    slots = 0
    assert line.forecast("j1", NOON + 13).left is None


def test_a_job_that_is_called_off_teaches_nothing():
    line = Line(lambda: 1)
    log = Log(line)
    log.upload(0, "j")
    log.tell(0, "j", JobStarted(run=1, attempt=1, worker="w"))
    log.tell(10, "j", JobConverted(run=1, attempt=1, **MADE))
    ranges = []
    for at in range(100, 160, 2):
        log.upload(at, f"j{at}")
        ranges.append(line.forecast(f"j{at}", NOON + at).left)
        log.tell(at + 0.5, f"j{at}", JobStarted(run=1, attempt=1, worker="w"))
        log.tell(at + 1, f"j{at}", JobCancelled(run=1))
    assert {*ranges} == {ranges[0]}


def test_jobs_are_begun_in_the_order_of_the_places_that_they_were_told():
    world = World(seed=0, slots=1)
    world.idle = 0
    for n in range(8):
        world.plan(n, "upload", f"many/{n}")
    for n in range(6):
        world.plan(10 + n, "upload", f"person{n}/0")
    world.run()
    told = {job_id: world.line.forecast(job_id, NOON + 20).place for job_id in world.kinds}
    world.idle = 1
    world.plan(21, "ask", "many/0")
    world.run()
    assert sorted(told.values()) == list(range(1, 15))
    assert world.begun == sorted(told, key=told.__getitem__)


class Kind(Struct):
    """Videos of a kind: bytes for a second of sound, and the time that a converter needs for it."""

    format: Format
    rate: float
    each: float
    unit: float


KINDS = (
    Kind(Format.MP3, 300_000, 0.4, 0.02),
    Kind(Format.MP3, 1_000_000, 0.4, 0.02),
    Kind(Format.OPUS, 500_000, 0.6, 0.03),
    Kind(Format.FLAC, 80_000, 0.3, 0.005),
)


class World:
    """Converters and accounts, played through by chance: what a gateway would see, and what it would say."""

    def __init__(self, seed: int, slots: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.line = Line(lambda: slots)
        self.log = Log(self.line)
        self.lanes: dict[str, list[str]] = {VIDEO: [], BULK: []}
        self.turns = Turns(VIDEOS)
        self.idle = slots
        self.kinds: dict[str, tuple[Kind, float]] = {}
        self.coming: list[tuple[float, int, str, str]] = []
        self.order = count()
        self.promised: list[tuple[str, float, float, float]] = []
        self.came: dict[str, float] = {}
        self.begun: list[str] = []

    def plan(self, at: float, what: str, job_id: str) -> None:
        heapq.heappush(self.coming, (at, next(self.order), what, job_id))

    def run(self) -> None:
        while self.coming:
            at, _, what, job_id = heapq.heappop(self.coming)
            getattr(self, what)(at, job_id)
            while self.idle and any(self.lanes.values()):
                queue = next(each for each in self.turns.order() if self.lanes[each])
                self.turns.took(queue)
                self.begin(at, self.lanes[queue].pop(0))

    def upload(self, at: float, job_id: str) -> None:
        kind, seconds = self.chance.choice(KINDS), self.chance.lognormvariate(4, 1)
        self.kinds[job_id] = kind, seconds
        size, options = int(kind.rate * seconds), Options(format=kind.format)
        event = self.log.upload(at, job_id, job_id.partition("/")[0], size=size, options=options).event
        self.lanes[BULK if event.payload().bulk else VIDEO].append(job_id)
        self.ask(at, job_id)

    def begin(self, at: float, job_id: str) -> None:
        self.idle -= 1
        self.begun.append(job_id)
        kind, seconds = self.kinds[job_id]
        self.log.tell(at, job_id, JobStarted(run=1, attempt=1, worker="w"))
        media = Media(container="c", duration_seconds=seconds, tracks=(Track(index=0, codec="aac"),))
        self.log.tell(at, job_id, JobProbed(run=1, media=media))
        took = (kind.each + kind.unit * seconds) * self.chance.lognormvariate(0, 0.3)
        self.plan(at + took / 2, "ask", job_id)
        self.plan(at + took, "end", job_id)

    def end(self, at: float, job_id: str) -> None:
        self.idle += 1
        self.log.tell(at, job_id, JobConverted(run=1, attempt=1, **MADE))
        self.came[job_id] = at

    def ask(self, at: float, job_id: str) -> None:
        forecast = self.line.forecast(job_id, NOON + at)
        if forecast and forecast.left:
            self.promised.append((job_id, at, *forecast.left))

    def kept(self) -> tuple[float, float]:
        """Return the share of jobs whose first promise came true, and that of all promises."""
        good = [
            (job_id, least <= self.came[job_id] - at <= most) for job_id, at, least, most in self.promised
        ]
        first = dict(reversed(good))
        return sum(first.values()) / len(first), sum(held for _, held in good) / len(good)


def plan_a_mixed_load(world: World) -> None:
    """People come now and then, and accounts with many jobs at once."""
    for n in range(150):
        world.plan(world.chance.uniform(0, 900), "upload", f"person{n}/0")
    for n in range(4):
        at = world.chance.uniform(100, 600)
        for each in range(60):
            world.plan(at + each / 50, "upload", f"archive{n}/{each}")


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("seed", range(5))
def test_four_of_five_ranges_hold_under_a_mixed_load(seed, slots):
    world = World(seed, slots)
    plan_a_mixed_load(world)
    world.run()
    assert len(world.promised) > 300
    assert min(world.kept()) >= 0.8
