"""For how long a job's video, its audio and all of it are kept after its end. Pure.

The operator's setting is the longest time; a job's own options, which its account's preset may have set, can
only shorten it. What other jobs of the family need stays with them.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from events.ids import earliest_id
from events.options import DEFAULT
from events.projections.job_view import JobView
from gateway.jobs.ending import finished_at


class Retention(Struct, frozen=True, kw_only=True):
    """The server's times in seconds; None: for ever."""

    video: float | None = None
    audio: float | None = None
    record: float | None = None

    def oldest(self, time: datetime) -> str:
        """Return a job id such that no job after it loses anything before this time by these settings."""
        seconds = [each for each in (self.video, self.audio, self.record) if each is not None]
        return earliest_id(time - timedelta(seconds=min(seconds))) if seconds else ""


OWN_TIME = '"retain_'
"""Stands in the text of a view whose job has a time of its own."""


class Expiry(Struct, frozen=True, kw_only=True):
    """The times when the files of a job go, and all of it; null: never, not known yet, or gone already."""

    video: datetime | None = None
    audio: datetime | None = None
    record: datetime | None = None


def expiry(view: JobView, retention: Retention) -> Expiry:
    """Return when the parts of a job go. That is known once the job has ended."""
    ended = finished_at(view)
    if ended is None or view.deletion is not None:
        return Expiry()
    own = view.video.options if view.video else DEFAULT
    record = _after(ended, retention.record, own.retain_record)
    video = _after(ended, retention.video, own.retain_video)
    audio = _after(ended, retention.audio, own.retain_audio)
    has_video = view.video is not None and view.video_removal is None
    has_audio = view.result is not None and view.audio_gone is None
    return Expiry(
        video=_sooner(video, record) if has_video else None,
        audio=_sooner(audio, record) if has_audio else None,
        record=record,
    )


def _after(ended: datetime, setting: float | None, own: float | None) -> datetime | None:
    seconds = min((each for each in (setting, own) if each is not None), default=None)
    return None if seconds is None else ended + timedelta(seconds=seconds)


def _sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)
