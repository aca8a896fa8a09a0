"""A webhook: the address that gets news of an account's jobs, and the secrets that sign it."""

from datetime import datetime, timedelta

from msgspec import Struct

from events.types import NEWSWORTHY, DisablingReason

EVENTS: tuple[str, ...] = NEWSWORTHY
"""The types of event that a webhook may want."""
FAILING_FOR = timedelta(days=5)
"""A receiver that has accepted nothing for so long gets nothing more."""
OLD_SECRET_FOR = timedelta(days=1)
"""For so long after its exchange a secret signs beside the new one."""


class Disabling(Struct, frozen=True, kw_only=True):
    """The end of a webhook: its time and its reason."""

    at: datetime
    reason: DisablingReason


class Hook(Struct, frozen=True, kw_only=True):
    """A webhook. `failing_since`: nothing has been accepted since the failure at that time.

    `url` and `secrets` are empty where nothing opens them any more: see HANDOVER_SECRETS.
    """

    hook_id: str
    account: str
    url: str
    secrets: tuple[str, ...]
    """Those that sign, the newest first; as the receiver has them, with `whsec_`."""
    events: tuple[str, ...]
    created: datetime
    failing_since: datetime | None = None
    disabled: Disabling | None = None

    def __repr__(self) -> str:
        return f"Hook({self.hook_id!r})"

    def has_failed_too_long(self, now: datetime) -> bool:
        """Return True if its receiver has accepted nothing for days."""
        return self.failing_since is not None and now - self.failing_since >= FAILING_FOR
