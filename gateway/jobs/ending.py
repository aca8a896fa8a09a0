"""The end of a job: when its work is over, and when its event stream closes. Pure."""

from datetime import datetime
from math import inf

from events.projections.job_view import SETTLED, JobView, State

MAIL_SECONDS = 5.0
"""Seconds after the end for which a job's event stream stays open, so that it tells of the mail, too."""

_ENDS = (State.CONVERTED, State.FAILED, State.CANCELLED, State.DELETED)
_MAIL = ("job.notified", "job.notification_failed", "job.notification_declined")


def is_done(view: JobView) -> bool:
    """Return True if no work is under way or waiting. A requeue can begin another run."""
    return view.state in SETTLED


def finished_at(view: JobView) -> datetime | None:
    """Return when the current run ended; None while it has not. A mail comes after the end."""
    if not is_done(view):
        return None
    ends = [entry for entry in view.timeline if entry.state in _ENDS]
    of_run = [entry for entry in ends if entry.run == view.run]
    return next((entry.time for entry in of_run or ends), view.updated)


def stays_open(view: JobView, now: datetime) -> float:
    """Return the seconds that the stream stays open: infinitely many before the end, then until the mail."""
    finished = finished_at(view)
    if finished is None:
        return inf
    mailed = any(entry.type in _MAIL and entry.run == view.run for entry in view.timeline)
    if mailed or view.state in (State.CANCELLED, State.DELETED):
        return 0.0
    return min(max(0.0, MAIL_SECONDS - (now - finished).total_seconds()), MAIL_SECONDS)
