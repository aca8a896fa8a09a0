"""Remembering which mails the server has accepted: collection `mails`, one document an event told of.

The log learns of a mail by `job.notified` or `account.notified`, but a crash can fall between the server's
acceptance and the confirm of that event, and the work is then delivered again. The note made here, right
after, keeps the second mail from going out. Two windows remain: a crash between acceptance and note, and a
broker that hands the work to another notifier while this one is still talking to the mail server. Then the
mail goes twice, both with the same Message-ID, so that mailboxes can tell it is one. SMTP offers nothing
better (RFC 5321, 6.1, asks for this trade: rather twice than never).
"""

from datetime import UTC, datetime
from typing import Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from events.mongodb_errors import translated

log = structlog.get_logger()

COLLECTION = "mails"


class SentMails:
    """The notes. `_id` is the id of the event that the mail tells of, or that asked for it."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._mails = database[COLLECTION]

    async def has(self, cause_id: str) -> bool:
        """Tell whether the mail about this event is known to be sent. Raises Unavailable."""
        with translated("the database cannot be asked which mails are sent"):
            return await self._mails.find_one({"_id": cause_id}, {"_id": 1}) is not None

    async def note(self, cause_id: str, *, about: str, message_id: str) -> None:
        """Note the mail about a job or an account as sent.

        Never raises: a missing note may cost a second mail, an error would.
        """
        note = {"state": "sent", "about": about, "message_id": message_id, "time": datetime.now(UTC)}
        try:
            await self._mails.update_one({"_id": cause_id}, {"$setOnInsert": note}, upsert=True)
        except PyMongoError as error:
            log.warning("mail_not_noted", about=about, event_id=cause_id, error=type(error).__name__)
