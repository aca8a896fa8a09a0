"""Publishes an event again that the log has lost.

After a power cut a classic queue can have a message whose event the stream has not: a confirm does not mean
that the stream's bytes were on the disk. The worker with that message has the last copy, so it publishes the
event again, with the same id. That is harmless when the log had it after all.

A worker sees of the log only the view, which may be behind. So an event must be old before its absence means
anything. The repeated event also puts a second message into the queue, which ends here, too. By then the view
has the event. If it still has not (no projector runs), this process does not publish the same event twice. So
each lost event costs at most one message for every converter that runs.
"""

from collections import OrderedDict
from datetime import UTC, datetime, timedelta

import structlog

from events.envelope import Event
from events.projections.job_view import JobView
from events.work.task import Publishes

log = structlog.get_logger()

PATIENCE = timedelta(seconds=60)
"""The age of an event that a view lacks, before it is taken for lost."""
_REMEMBERED = 10_000


class Recovery:
    """Publishes lost events, each once."""

    def __init__(self, publisher: Publishes) -> None:
        self._publisher = publisher
        self._published: OrderedDict[str, None] = OrderedDict()

    async def publish_if_lost(self, event: Event, view: JobView | None) -> None:
        """Publish the event again if the log seems to lack it. Raises NotConfirmed."""
        if view is not None and view.has(event.id):
            return
        if datetime.now(UTC) - event.time < PATIENCE or event.id in self._published:
            return
        log.warning("event_told_again", event_type=event.type, event_id=event.id, job_id=event.subject)
        await self._publisher.publish(event)
        self._published[event.id] = None
        if len(self._published) > _REMEMBERED:
            self._published.popitem(last=False)
