"""The room that an account has left, by what it has used and begun. Pure.

`begun` is what gateways have let in and no view counts yet: the account's holds at the door.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct, structs

from events.projections.usage import Usage
from gateway.errors import QuotaExceeded, StorageFull
from gateway.http.rate_limits import DAY, Standing
from service.quotas import Limits

_SOON, _LATER = 5, 10
"""Seconds after which an upload, or a job, may have ended."""


class Hold(Struct, frozen=True, kw_only=True):
    """Something let in that no view counts yet: a job's first or later run, with the bytes to be stored.

    `until` is in Unix seconds: then its process is taken for dead, its job for counted, or its upload for
    abandoned. `arriving`: until when its file counts as on its way in; 0: it is not.
    """

    job_id: str
    run: int = 1
    bytes: int = 0
    arriving: float = 0.0
    until: float


class Room(Struct, frozen=True, kw_only=True):
    """An account's limits, and all that counts against them at a time."""

    limits: Limits
    usage: Usage
    begun: Sequence[Hold]
    now: datetime

    def check(self, hold: Hold) -> None:
        """Raise QuotaExceeded or StorageFull unless there is room for this, too."""
        for standing, need in self._needs(hold):
            if standing.left < need:
                raise _exceeded(standing)

    def grown(self, hold: Hold, size: int, step: int) -> Hold:
        """Return the hold with room for `size` bytes and, if there is, for a step more.

        Raises StorageFull.
        """
        if size <= hold.bytes:
            return hold
        fits = size + step
        for standing in self.standings():
            if standing.name == "bytes_stored":
                if standing.left < size:
                    raise _exceeded(standing)
                fits = min(fits, standing.left)
        return structs.replace(hold, bytes=fits)

    def standings(self) -> list[Standing]:
        """Return each limit and what is left."""
        day, tomorrow = self.usage.on(self.now.date()), _until_tomorrow(self.now)
        uploads = sum(hold.arriving > self.now.timestamp() for hold in self.begun)
        jobs = sum(hold.run == 1 for hold in self.begun)
        seconds = -(-day.audio_ms // 1000)
        size = self.usage.bytes_stored + sum(hold.bytes for hold in self.begun)
        used = {
            "uploads_at_once": (uploads, 0, "concurrent-requests"),
            "jobs_open": (self.usage.jobs_open + len(self.begun), 0, "concurrent-requests"),
            "jobs_today": (day.jobs + jobs, DAY, "requests"),
            "audio_seconds": (seconds, DAY, "audio-seconds"),
            "bytes_stored": (size, 0, "content-bytes"),
        }
        return [
            Standing(
                name=name,
                quota=quota,
                left=quota - used_,
                window=window,
                reset=tomorrow if window else 0,
                unit=unit,
            )
            for name, (used_, window, unit) in used.items()
            if (quota := getattr(self.limits, name)) is not None
        ]

    def _needs(self, hold: Hold) -> Iterator[tuple[Standing, int]]:
        """Yield the limits that this has to keep, and what it needs of each: a job may make any audio."""
        needs = {
            "uploads_at_once": int(hold.arriving > 0),
            "jobs_open": 1,
            "jobs_today": int(hold.run == 1),
            "audio_seconds": 1,
            "bytes_stored": max(1, hold.bytes),
        }
        for standing in self.standings():
            if need := needs[standing.name]:
                yield standing, need


def _until_tomorrow(now: datetime) -> int:
    midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    return max(1, -(-int((midnight - now).total_seconds() * 1000) // 1000))


_TEXTS: dict[str, Callable[[int], str]] = {
    "uploads_at_once": lambda quota: f"{quota} files of yours may be on their way in at a time; let one end",
    "jobs_open": lambda quota: f"{quota} jobs of yours may wait or be under way; let one end, or cancel it",
    "jobs_today": lambda quota: f"you may begin {quota} jobs a day; a day ends at midnight UTC",
    "audio_seconds": lambda quota: (
        f"{quota} seconds of audio may be made for you a day; it ends at midnight UTC"
    ),
    "bytes_stored": lambda quota: f"{quota} bytes of yours may be stored, video and audio; delete some jobs",
}
_PAUSES = {"uploads_at_once": _SOON, "jobs_open": _LATER}


def _exceeded(standing: Standing) -> QuotaExceeded:
    kind = StorageFull if standing.name == "bytes_stored" else QuotaExceeded
    seconds = standing.reset or _PAUSES.get(standing.name)
    text = _TEXTS[standing.name](standing.quota)
    return kind(text, limit=standing.name, allowed=standing.quota, seconds=seconds)
