"""The queue `letters` holds mails of two kinds; each has its handler."""

from events.envelope import Event
from events.types import HookDisabled
from events.work.task import Handler, Work


class LetterHandler:
    """Gives the work of queue `letters` to the handler that it is for."""

    def __init__(self, of_accounts: Handler, of_hooks: Handler) -> None:
        self._of_accounts, self._of_hooks = of_accounts, of_hooks

    async def handle(self, work: Work) -> Event | None:
        """Send the mail. Returns the result's event."""
        return await self._for(work).handle(work)

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Return the event of the attempt that failed, if there is one."""
        return self._for(work).retrying(work, error, delay)

    def gave_up(self, work: Work, error: Exception) -> Event | None:
        """Return the event that ends it."""
        return self._for(work).gave_up(work, error)

    def _for(self, work: Work) -> Handler:
        return self._of_hooks if isinstance(work.payload, HookDisabled) else self._of_accounts
