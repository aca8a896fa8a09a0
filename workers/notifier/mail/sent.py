"""Notes of the mails that the server has accepted: collection `mails`, one document for each event.

The log has `job.notified` or `account.notified` for a mail. A crash can fall between the server's acceptance
and the confirm of that event, and the work is then delivered again. The note, made right after the
acceptance, keeps a second mail from going out.

Two windows remain: a crash between acceptance and note, and a broker that gives the work to another notifier
while this one still talks to the mail server. Then the mail goes out twice, both times with the same
Message-ID, so that mailboxes can join them. SMTP offers nothing better: RFC 5321, 6.1, prefers twice to
never.
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
    """The notes. `_id` is the id of the event that the mail is about, or that asked for it."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._mails = database[COLLECTION]

    async def has(self, cause_id: str) -> bool:
        """Return True if the mail about this event is known to be sent. Raises Unavailable."""
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
