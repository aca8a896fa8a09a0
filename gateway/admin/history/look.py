"""A look at what the log does not hold: queues, jobs that are not over, the lag of the stored views."""

from events.projections.job_view import SETTLED, State
from gateway.admin.broker import Broker
from gateway.admin.history.samples import Depth, Sample
from gateway.jobs.live import LiveJobs

OPEN = tuple(each.value for each in State if each not in SETTLED)
"""The states of jobs that are not over."""
_BEGINS_WITHIN = 30.0


async def look(broker: Broker, live: LiveJobs) -> Sample:
    """Return how it is now. What cannot be learned now is None."""
    await live.begun(_BEGINS_WITHIN)
    queues = await broker.queues()
    return Sample(
        jobs=None if live.jobs is None else {state: live.jobs.get(state, 0) for state in OPEN},
        queues=None
        if queues is None
        else {each.name: Depth(each.waiting or 0, each.retrying, each.parked) for each in queues},
        lacking=live.lacking(),
        waiting_seconds=round(live.waiting(), 3),
    )


def is_end(live: LiveJobs, offset: int) -> bool:
    """Return True if nothing follows this offset, as far as this process has read the log."""
    return live.caught_up and live.recent.position <= offset
