"""The removal of accounts that were never confirmed, and of their addresses."""

from datetime import datetime, timedelta

import structlog

from auth.accounts.letters import Letters
from auth.announcements import Announcer, event_of
from auth.stores.directory import Directory
from events.types import AccountErased

AFTER = timedelta(days=3)
_AT_ONCE = 1000

log = structlog.get_logger()


async def forget_unverified(
    directory: Directory, letters: Letters, announcer: Announcer, now: datetime
) -> None:
    """Erase those older than AFTER that have no good link any more. Raises DirectoryUnavailable."""
    for account in await directory.unverified(now - AFTER, _AT_ONCE):
        if await letters.awaited(account.account_id) or not await directory.erase_unverified(
            account.account_id
        ):
            continue
        erased = AccountErased(reason="never_verified")
        announcer.publish_soon(event_of(account.account_id, erased, now))
        log.info("unverified_account_erased", account_id=account.account_id)
