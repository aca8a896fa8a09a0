"""A job as it was: its events up to a place or a time, read from the log and folded.

The view knows the place of each event, so only these are read. An offset is exact. A time is compared with
those in the events, which are of the services' own clocks.
"""

from datetime import datetime

from events.errors import Unavailable
from events.projections.job_view import Entry, JobView
from events.projections.jobs import fold
from gateway.errors import HistoryCut, NoSuchJob
from gateway.jobs.live import LiveJobs

When = int | datetime
"""An offset in the log, or a time with its zone."""


async def as_it_was(live: LiveJobs, view: JobView, when: When) -> JobView:
    """Return the job at that offset or time, both included. In the future it is as it is now.

    Raises NoSuchJob when it did not exist yet, HistoryCut, Unavailable.
    """
    places = [entry.offset for entry in view.timeline if _happened(entry, when)]
    if len(places) == len(view.timeline):
        return view
    if not places:
        raise NoSuchJob("the job was not there yet at that time")
    past: JobView | None = None
    read = 0
    while read < len(places):
        events, next_ = await live.history(view.account, places[read:])
        past = fold(events, past)
        passed = sum(place < next_ for place in places)
        if len(events) < passed - read:
            raise HistoryCut("the log does not reach back to the beginning of this job any more")
        if passed == read:
            raise Unavailable("the log cannot be read now")
        read = passed
    if past is None:
        raise Unavailable("the log cannot be read now")
    return past


def _happened(entry: Entry, when: When) -> bool:
    return entry.time <= when if isinstance(when, datetime) else entry.offset <= when
