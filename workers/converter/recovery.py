"""Tells the log again what it has lost.

After a power cut a classic queue can have a message whose event the stream has not: a confirm does not mean
that the stream's bytes were on the disk. The worker that holds such a message is the last to know of it, so
it publishes it again: the same event with the same id, harmless when the log had it after all.

The view is all that a worker sees of the log, and it may be behind, so an event must be old before its
absence means anything. Publishing again also puts a second message into the queue. That one ends here, too:
by then the view has the event; and if it still has not (no projector runs), this process does not tell the
same event twice. So each costs at most one message for every converter that runs.
"""

from collections import OrderedDict
from datetime import UTC, datetime, timedelta

import structlog

from events.envelope import Event
from events.projections.job_view import JobView
from events.work import Publishes

log = structlog.get_logger()

PATIENCE = timedelta(seconds=60)
"""How far a view may be behind before an event that it lacks is taken for lost."""
_REMEMBERED = 10_000


class Recovery:
    """Remembers what it told again."""

    def __init__(self, publisher: Publishes) -> None:
        self._publisher = publisher
        self._published: OrderedDict[str, None] = OrderedDict()

    async def publish_if_lost(self, event: Event, view: JobView | None) -> None:
        """Publish the event again when the log seems not to know it. Raises NotConfirmed."""
        if view is not None and view.has(event.id):
            return
        if datetime.now(UTC) - event.time < PATIENCE or event.id in self._published:
            return
        log.warning("event_told_again", event_type=event.type, event_id=event.id, job_id=event.subject)
        await self._publisher.publish(event)
        self._published[event.id] = None
        if len(self._published) > _REMEMBERED:
            self._published.popitem(last=False)
