"""Folding a whole log: each job's events are gathered first and folded when the job has settled.

The log is cut into generations of some ten thousand events. A job that first appears in one generation is
handed out at the end of the next, with all its events until then. So nearly every job is handed out once,
whole, and memory holds two generations. The last handing-out covers everything up to the end of
its generation: that is where a checkpoint may stand. A job that goes on later comes out again, with its
later events only, and is folded onto what was made of it before.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from events.envelope import Recorded, decode
from events.errors import InvalidEvent
from events.log.stream import RawRecord
from events.payload import Aggregate
from events.projections.job_view import JobView
from events.projections.jobs import evolve

GENERATION = 20_000
"""Events; about 2 kB of memory each, two generations at a time."""


class Settled(NamedTuple):
    """Jobs handed out. With these, all events up to and including `upto` have been."""

    jobs: dict[str, list[Recorded]]
    upto: RawRecord


class Generations:
    """The two generations that are held. `invalid` counts what was no event, or its data did not fit."""

    def __init__(
        self,
        mine: Callable[[str], bool] | None = None,
        generation: int = GENERATION,
        others: Callable[[Recorded], None] | None = None,
        counted: Callable[[str, int], bool] | None = None,
    ) -> None:
        """Gather only jobs that are `mine`, by id, and events that are `counted`, by account and offset.

        `others` receives what is about no job.
        """
        self._mine, self._generation = mine, generation
        self._others, self._counted = others, counted
        self._old: dict[str, list[Recorded]] = {}
        self._young: dict[str, list[Recorded]] = {}
        self._old_end: RawRecord | None = None
        self._young_end: RawRecord | None = None
        self._count = 0
        self.invalid = 0

    def add(self, batch: list[RawRecord]) -> Settled | None:
        """Take in records, in the order of the log. Returns what has settled, once a generation is full."""
        old, young, mine, counted = self._old, self._young, self._mine, self._counted
        for record in batch:
            try:
                event = decode(record.body)
            except InvalidEvent:
                self.invalid += 1
                continue
            if event.aggregate is not Aggregate.JOB:
                if self._others is not None:
                    self._others(Recorded(record.offset, event))
                continue
            if counted is not None and not counted(event.account, record.offset):
                continue
            subject = event.subject
            events = old.get(subject) or young.get(subject)
            if events is None:
                if mine is not None and not mine(subject):
                    continue
                events = young[subject] = []
            events.append(Recorded(record.offset, event))
        if batch:
            self._young_end = batch[-1]
        self._count += len(batch)
        return self.turn() if self._count >= self._generation else None

    def turn(self) -> Settled | None:
        """End the young generation and hand out the old one. Twice in a row hands out everything."""
        settled = Settled(self._old, self._old_end) if self._old_end else None
        self._old, self._old_end = self._young, self._young_end
        self._young, self._young_end, self._count = {}, None, 0
        return settled

    def fold(self, events: Iterable[Recorded], view: JobView | None = None) -> JobView | None:
        """Fold one job's events. Those whose data does not fit are counted and left out."""
        for recorded in events:
            try:
                view = evolve(view, recorded)
            except InvalidEvent:
                self.invalid += 1
        return view
