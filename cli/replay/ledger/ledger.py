"""The ledger of a whole log, drawn up beside services at work.

Log and evidence are not read at one moment: what happens meanwhile may look wrong. So whatever looks wrong is
looked at once more, with what the log and the stores hold by then.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase

from cli.log.log import Log
from cli.replay.ledger.deliveries import of_delivery
from cli.replay.ledger.effects import (
    BROKEN,
    Effect,
    Evidence,
    Kind,
    Moment,
    of_job,
    of_letter,
    of_nobody,
)
from cli.replay.ledger.evidence import gather
from cli.replay.ledger.stories import Stories
from cli.replay.views.scan import part_of
from cli.replay.views.verification import BUDGET, EVENTS_A_JOB, JOB_BYTES
from cli.streams.remarks import Meter, say
from events.log.bounds import Bounds
from events.log.stream import First, FromOffset


class Ledger(Struct, frozen=True, kw_only=True):
    """The ledger of a log that had these ends; what stood before `cut_at` is not in it any more."""

    log: Log
    database: AsyncDatabase[Any]
    ends: Bounds
    cut_at: datetime | None
    moment: Moment

    async def effects(self, job_id: str = "") -> AsyncIterator[Effect]:
        """Yield the effects of all jobs and accounts, or of one job. Raises LogDamaged, Unavailable."""
        if job_id:
            async for effect in self._of(job_id.__eq__, "effects"):
                yield effect
            return
        parts = 1 + (self.ends.last - self.ends.first) * JOB_BYTES // EVENTS_A_JOB // BUDGET
        for part in range(parts):
            title = "effects" if parts == 1 else f"effects {part + 1}/{parts}"
            async for effect in self._of(_of_part(part, parts), title):
                yield effect

    async def _of(self, is_meant: Callable[[str], bool], title: str) -> AsyncIterator[Effect]:
        stories = Stories(is_meant)
        with Meter(title, self.ends.last - self.ends.first) as meter:
            await stories.read(self.log, First(), self.ends, meter)
        evidence = await gather(self.database, is_meant, stories.videos)
        doubtful: set[str] = set()
        for subject, effects in self._judged(stories, evidence):
            if BROKEN.isdisjoint(each.verdict for each in effects):
                for effect in effects:
                    yield effect
            else:
                doubtful.add(subject)
        if doubtful:
            async for effect in self._again(stories, doubtful):
                yield effect
        if stories.invalid:
            say(f"{stories.invalid} events are none, or their data does not fit: skipped")

    async def _again(self, stories: Stories, doubtful: set[str]) -> AsyncIterator[Effect]:
        stories.keep(doubtful)
        newer = await self.log.ends()
        if newer is not None and newer.last > self.ends.last:
            with Meter("effects, what is new", newer.last - self.ends.last) as meter:
                later = Bounds(self.ends.last + 1, newer.last)
                await stories.read(self.log, FromOffset(later.first), later, meter)
        evidence = await gather(self.database, doubtful.__contains__, stories.videos)
        for _, effects in self._judged(stories, evidence):
            for effect in effects:
                yield effect

    def _judged(self, stories: Stories, evidence: Evidence) -> Iterator[tuple[str, list[Effect]]]:
        moment, cut_at = self.moment, self.cut_at
        for view in stories.jobs():
            if view.video is not None or cut_at is None:
                yield view.job_id, list(of_job(view, evidence, moment))
        for letter in stories.letters():
            yield letter.account, [of_letter(letter, evidence, moment)]
        for hook_id, deliveries in stories.deliveries().items():
            yield hook_id, [of_delivery(each, moment) for each in deliveries]
        for kind, found in ((Kind.VIDEO, evidence.videos), (Kind.AUDIO, evidence.audio)):
            for job_id, files in found.items():
                if job_id not in stories:
                    known = [file for file in files if cut_at is None or file.stored > cut_at]
                    yield job_id, list(of_nobody(kind, job_id, known, moment))


def _of_part(part: int, parts: int) -> Callable[[str], bool]:
    def is_meant(subject: str) -> bool:
        return part_of(subject, parts) == part

    return is_meant
