"""From an event of a job to a delivery for each webhook that wants it."""

from events.envelope import Event, consequence
from events.ids import event_id
from events.types import HookRequested
from events.work.task import Publishes, Work
from service.webhooks.store import HookStore
from workers.notifier import SERVICE


class NewsHandler:
    """Handles the work of queue `news`. Work that comes again asks for the same deliveries."""

    def __init__(self, hooks: HookStore, publisher: Publishes) -> None:
        self._hooks, self._publisher = hooks, publisher

    async def handle(self, work: Work) -> Event | None:
        """Publish `hook.requested` for each webhook. Returns no event: there may be several, or none."""
        news = work.event
        for hook_id in await self._hooks.wanting(news.account, news.type):
            asked = HookRequested(
                delivery_id=event_id(hook_id, "delivery", news.id),
                about=news.type,
                event_id=news.id,
                job_id=news.subject,
            )
            await self._publisher.publish(consequence(news, asked, source=SERVICE, subject=hook_id))
        return None

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Return no event: nothing was promised yet."""
        return None

    def gave_up(self, work: Work, error: Exception) -> Event | None:
        """Return no event: no webhook was found for which something failed. The work is parked."""
        return None
