"""What an account uses: bytes stored, jobs open, and for each day the jobs begun and the audio made.

Usage is the sum of what each job's view adds to it. So an event moves it by the difference of two views, and
whoever reads the log again comes to the same numbers. Days are those of UTC.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from msgspec import Struct

from events.projections.job_view import SETTLED, Audio, JobView

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


def usage_of(view: JobView | None) -> Usage:
    """Return what one job adds."""
    if view is None:
        return NONE
    days = {_day(view.created): Day(jobs=1)}
    if (audio := view.result) is not None:
        made = _day(audio.time)
        days[made] = _plus(days.get(made, _NOTHING), Day(audio_ms=_ms(audio.duration_seconds)))
    return Usage(
        bytes_stored=_bytes(view),
        jobs_open=view.state not in SETTLED,
        days=days,
        seen=view.seen,
        updated=view.updated,
    )


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
    days = dict(usage.days)
    for old, new in steps:
        for times, part in ((-1, usage_of(old)), (1, usage_of(new))):
            size += times * part.bytes_stored
            opened += times * part.jobs_open
            for day, done in part.days.items():
                days[day] = _plus(days.get(day, _NOTHING), done, times)
            seen, updated = max(seen, part.seen), max(updated, part.updated)
    first = _first_day(updated)
    kept = {day: days[day] for day in sorted(days) if day >= first and days[day] != _NOTHING}
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
    stored = audio.bytes if audio and not _is_gone(view, audio) else 0
    if video and not video.family:
        stored += video.bytes
    if video and view.video_erasure:
        stored -= video.bytes
    return stored


def _is_gone(view: JobView, audio: Audio) -> bool:
    removal = view.audio_removal
    return view.erasure is not None or (removal is not None and removal.run >= audio.run)


def _ms(seconds: float) -> int:
    """Return a duration in whole milliseconds, which add up without a rest, unlike floats."""
    return round(min(max(seconds, 0.0), _LONGEST) * 1000)


def _plus(one: Day, other: Day, times: int = 1) -> Day:
    return Day(jobs=one.jobs + times * other.jobs, audio_ms=one.audio_ms + times * other.audio_ms)


def _day(time: datetime) -> str:
    return time.astimezone(UTC).date().isoformat()


def _first_day(updated: datetime) -> str:
    """Return the first day that is kept."""
    last = updated.astimezone(UTC).toordinal()
    return date.fromordinal(max(1, last - DAYS + 1)).isoformat()
