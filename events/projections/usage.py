"""An account's usage: bytes stored, jobs open, and for each day the jobs begun and the audio made.

Usage is the sum of what each job's view adds to it. So an event moves it by the difference of two views, and
whoever reads the log again comes to the same numbers. Days are those of UTC.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from msgspec import Struct

from events.projections.job_view import SETTLED, JobView

COLLECTION = "usage"
"""The projection's name: `usage_v1` goes with the views `jobs_v1`."""
DAYS = 31
"""Days that are kept, up to that of the account's last event."""


class Day(Struct, frozen=True, kw_only=True, gc=False):
    """One day's jobs, by when they were created, and milliseconds of audio, by when they were made.

    Of a job that was converted more than once the last audio counts.
    """

    jobs: int = 0
    audio_ms: int = 0


class Usage(Struct, frozen=True, kw_only=True, gc=False):
    """An account's usage after the events of its jobs up to offset `seen`, the last of them at `updated`.

    The days are by their date, such as `2026-11-30`; one without anything is not there.
    """

    bytes_stored: int = 0
    jobs_open: int = 0
    days: Mapping[str, Day] = {}
    seen: int = -1
    updated: datetime = datetime.min.replace(tzinfo=UTC)

    def on(self, day: date) -> Day:
        """Return what was done on a day."""
        return self.days.get(day.isoformat(), _NOTHING)


_LONGEST = 1e9
"""Seconds: no event may stop a projection by a number."""
NONE = Usage()
"""Of an account without jobs."""
_NOTHING = Day()


Step = tuple[JobView | None, JobView] | tuple[JobView, None]
"""The view of a job as it is counted, and as it is to be counted; None: not at all."""


def moved(usages: Mapping[str, Usage], steps: Iterable[Step]) -> dict[str, Usage]:
    """Return the usages, by account, that these steps change, as they are afterwards."""
    by_account: defaultdict[str, list[Step]] = defaultdict(list)
    for step in steps:
        by_account[_owner(step)].append(step)
    return {account: _after(usages.get(account, NONE), taken) for account, taken in by_account.items()}


def _after(usage: Usage, steps: Iterable[Step]) -> Usage:
    size, opened, seen, updated = usage.bytes_stored, usage.jobs_open, usage.seen, usage.updated
    jobs = defaultdict(int, {day: done.jobs for day, done in usage.days.items()})
    audio_ms = defaultdict(int, {day: done.audio_ms for day, done in usage.days.items()})
    for step in steps:
        for times, view in zip((-1, 1), step, strict=True):
            if view is None:
                continue
            size += times * _bytes(view)
            opened += times * (view.state not in SETTLED)
            jobs[_day(view.created)] += times
            if (audio := view.result) is not None:
                audio_ms[_day(audio.time)] += times * _ms(audio.duration_seconds)
            seen, updated = max(seen, view.seen), max(updated, view.updated)
    first = _first_day(updated)
    days = sorted(day for day in jobs.keys() | audio_ms.keys() if day >= first)
    kept = {day: Day(jobs=jobs[day], audio_ms=audio_ms[day]) for day in days if jobs[day] or audio_ms[day]}
    return Usage(bytes_stored=size, jobs_open=opened, days=kept, seen=seen, updated=updated)


def _owner(step: Step) -> str:
    old, new = step
    if new is not None:
        return new.account
    return old.account if old else ""


def _bytes(view: JobView) -> int:
    """Return the bytes of a job's files.

    A family's video is counted with its first job, and taken off with the job whose erasure removed it.
    """
    video, audio = view.video, view.result
    stored = audio.bytes if audio and not (view.erasure or view.audio_gone) else 0
    if video and not video.family:
        stored += video.bytes
    if video and view.video_erasure:
        stored -= video.bytes
    return stored


def _ms(seconds: float) -> int:
    """Return a duration in whole milliseconds, which add up without a rest, unlike floats."""
    return round(min(max(seconds, 0.0), _LONGEST) * 1000)


def _day(time: datetime) -> str:
    return time.astimezone(UTC).date().isoformat()


def _first_day(updated: datetime) -> str:
    """Return the first day that is kept."""
    last = updated.astimezone(UTC).toordinal()
    return date.fromordinal(max(1, last - DAYS + 1)).isoformat()
