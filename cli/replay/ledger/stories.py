"""The stories in the log: of each job a folded view, of letters and deliveries the answers."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

import msgspec

from cli.log.log import Log
from cli.replay.ledger.deliveries import Delivery, told
from cli.replay.ledger.effects import Letter
from cli.replay.views.differences import packed
from cli.replay.views.generations import Generations, Settled
from cli.streams.remarks import Meter
from events.envelope import Event, Recorded
from events.log.bounds import Bounds
from events.log.stream import Start
from events.payload import Aggregate
from events.projections.job_view import JobView
from events.types import (
    AccountLetterRequested,
    AccountNotificationFailed,
    AccountNotified,
    HookDelivered,
    HookDeliveryFailed,
    HookDisabled,
    HookNotificationFailed,
    HookNotified,
    HookRequested,
)

_unpack = msgspec.json.Decoder(JobView).decode
_ANSWERS = frozenset(
    each.TYPE for each in (AccountNotified, AccountNotificationFailed, HookNotified, HookNotificationFailed)
)
_WEBHOOK = "webhook_disabled"
"""The letter about it."""


class Stories:
    """The stories of the jobs and accounts that are meant. The views are held packed."""

    def __init__(self, is_meant: Callable[[str], bool]) -> None:
        self._is_meant = is_meant
        self._views: dict[str, bytes] = {}
        self._letters: dict[str, Letter] = {}
        self._answers: dict[str, str] = {}
        self._deliveries: dict[str, Delivery] = {}
        self.videos: set[str] = set()
        """The videos that the jobs name."""
        self.invalid = 0

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._views

    async def read(self, log: Log, start: Start, ends: Bounds, meter: Meter) -> None:
        """Go on with what stands from `start` to the end. Raises LogDamaged, Unavailable."""
        generations = Generations(self._is_meant, others=self._tell)
        async with contextlib.aclosing(log.read(start, ends.last)) as batches:
            async for batch in batches:
                if settled := generations.add(batch):
                    self._hold(settled, generations)
                meter.at(batch[-1].offset - ends.first, len(batch))
        for _ in range(2):
            if settled := generations.turn():
                self._hold(settled, generations)
        self.invalid += generations.invalid

    def jobs(self) -> Iterator[JobView]:
        """Yield the job views."""
        return map(_unpack, self._views.values())

    def letters(self) -> Iterator[Letter]:
        """Yield the letters that were asked for."""
        for letter in self._letters.values():
            yield msgspec.structs.replace(letter, answer=self._answers.get(letter.event_id, ""))

    def deliveries(self) -> Mapping[str, list[Delivery]]:
        """Return the deliveries by their webhooks."""
        found: dict[str, list[Delivery]] = {}
        for each in self._deliveries.values():
            found.setdefault(each.hook_id, []).append(each)
        return found

    def keep(self, subjects: set[str]) -> None:
        """Let go of all others."""
        self._is_meant = subjects.__contains__
        self._views = {job_id: view for job_id, view in self._views.items() if job_id in subjects}
        self._letters = {id_: each for id_, each in self._letters.items() if each.account in subjects}
        self._deliveries = {id_: each for id_, each in self._deliveries.items() if each.hook_id in subjects}

    def _hold(self, settled: Settled, generations: Generations) -> None:
        for job_id, events in settled.jobs.items():
            before = self._views.get(job_id)
            view = generations.fold(events, _unpack(before) if before else None)
            if view is not None:
                self._views[job_id] = packed(view)
                if view.video:
                    self.videos.add(view.video.video_id)

    def _tell(self, recorded: Recorded) -> None:
        event = recorded.event
        if event.type in _ANSWERS and event.causationid:
            self._answers[event.causationid] = event.type
            return
        if event.aggregate not in (Aggregate.ACCOUNT, Aggregate.HOOK):
            return
        match payload := event.payload():
            case AccountLetterRequested(letter=letter):
                self._tell_letter(event, letter)
            case HookDisabled():
                self._tell_letter(event, _WEBHOOK)
            case HookRequested() | HookDelivered() | HookDeliveryFailed() if self._is_meant(event.subject):
                id_ = payload.delivery_id
                self._deliveries[id_] = told(self._deliveries.get(id_), event, payload)

    def _tell_letter(self, event: Event, letter: str) -> None:
        if self._is_meant(event.account):
            asked_for = Letter(account=event.account, letter=letter, event_id=event.id, time=event.time)
            self._letters.setdefault(event.id, asked_for)
