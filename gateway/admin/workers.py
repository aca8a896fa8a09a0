"""The workers that are alive, by the heartbeats that this gateway receives."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

from events.log.heartbeats import SILENCE, Heartbeat
from events.log.progress import Progress


class Workers:
    """The last heartbeat of each worker, and the progress of what they do. One task runs `follow`.

    What counts is when a heartbeat was heard: the workers' clocks may be wrong.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._heard: dict[str, tuple[datetime, Heartbeat]] = {}
        self._progress: dict[str, tuple[datetime, Progress]] = {}
        self.listening_since: datetime | None = None
        """Before it has listened for some seconds, workers may be missing."""

    async def follow(self, feed: AsyncIterator[Heartbeat]) -> None:
        """Take note of heartbeats for ever."""
        self.listening_since = self._clock()
        async for heartbeat in feed:
            self.hear(heartbeat)

    def hear(self, heartbeat: Heartbeat) -> None:
        """Take note of one. A worker that announced its end is gone at once."""
        now = self._clock()
        if heartbeat.last:
            self._heard.pop(heartbeat.name, None)
        else:
            self._heard[heartbeat.name] = now, heartbeat
        self._forget(now)

    async def overhearing(self, feed: AsyncIterator[Progress]) -> AsyncIterator[Progress]:
        """Pass progress on, and take note of it."""
        async for progress in feed:
            self._progress[progress.job_id] = self._clock(), progress
            yield progress

    def progress(self, job_id: str) -> Progress | None:
        """Return how far a job is that is under way; None: nobody has reported it of late."""
        return self._progress.get(job_id, (None, None))[1]

    def alive(self) -> list[Heartbeat]:
        """Return the workers heard of late, by kind and name."""
        self._forget(self._clock())
        return sorted((each for _, each in self._heard.values()), key=lambda each: (each.kind, each.name))

    def slots(self, kind: str) -> int:
        """Return how many pieces of work the workers of a kind do at once."""
        return sum(each.slots for each in self.alive() if each.kind == kind)

    def _forget(self, now: datetime) -> None:
        before = now - timedelta(seconds=SILENCE)
        self._heard = {name: heard for name, heard in self._heard.items() if heard[0] >= before}
        self._progress = {job: told for job, told in self._progress.items() if told[0] >= before}
