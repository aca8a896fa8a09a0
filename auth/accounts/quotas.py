"""Limits of single accounts, as operators and administrators give them: first stored, then published."""

from collections.abc import Callable
from datetime import datetime

from auth.accounts.operator_changes import SOURCE
from auth.announcements import Publishes, event_of
from events.ids import new_id
from events.types import AccountChanged
from service.quotas import Own, OwnLimits


class QuotaChanges:
    """Changes to the limits of an account's own; gateways follow within seconds."""

    def __init__(self, limits: OwnLimits, publisher: Publishes, clock: Callable[[], datetime]) -> None:
        self._limits, self._publisher, self._clock = limits, publisher, clock

    async def give(self, account_id: str, own: Own) -> None:
        """Replace the limits of an account. Raises Unavailable, and NotConfirmed if the log may not know."""
        await self._limits.set(account_id, own)
        changed = AccountChanged(fields=("quota",))
        await self._publisher.publish(event_of(account_id, changed, self._clock(), new_id(), source=SOURCE))
