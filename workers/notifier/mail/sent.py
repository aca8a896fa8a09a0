"""Notes of the mails that were sent or tried: collection `mails`, one document for each event.

The log has `job.notified` or `account.notified` for a mail. A crash can fall between the server's acceptance
and the confirm of that event, and the work is then delivered again. The note, made right after the
acceptance, keeps a second mail from going out.

Two windows remain: a crash between acceptance and note, and a broker that gives the work to another notifier
while this one still talks to the mail server. Then the mail goes out twice, both times with the same
Message-ID, so that mailboxes can join them. SMTP offers nothing better: RFC 5321, 6.1, prefers twice to
never. But each try is noted before it begins, too, so a mail that went twice, or maybe did, can be seen:
`tonearm replay effects` counts them.

    _id         the event that the mail is about, or that asked for it
    about       the job or the account
    message_id  of the mail
    state       `sent`, once the server has accepted it
    tries       by an id of each: `attempt`, `began`, and when it is over `outcome` and `ended`
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from events.mongodb_errors import translated
from workers.notifier.errors import MailDelayed, MailRefused

log = structlog.get_logger()

COLLECTION = "mails"


class Outcome(StrEnum):
    """The outcome of a try. One that has none was cut off: nobody knows whether the mail went out."""

    SENT = "sent"
    REFUSED = "refused"
    """The server has said no."""
    UNKNOWN = "unknown"
    """The connection broke before the server had answered."""


class SentMails:
    """The notes, by the id of the event that a mail is about, or that asked for it."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._mails = database[COLLECTION]

    async def attempt_of(self, cause_id: str) -> int | None:
        """Return the attempt at work by which the mail is known to be sent; 0 where that was not noted.

        None: it is not known to be sent. Raises Unavailable.
        """
        with translated("the database cannot be asked which mails are sent"):
            note = await self._mails.find_one({"_id": cause_id, "state": Outcome.SENT.value})
        if note is None:
            return None
        sent = [each for each in note.get("tries", {}).values() if each.get("outcome") == Outcome.SENT]
        return min((each["attempt"] for each in sent), default=0)

    @asynccontextmanager
    async def one_try(
        self, cause_id: str, *, about: str, message_id: str, attempt: int
    ) -> AsyncIterator[None]:
        """Note a try before the block, which hands the mail to the server, and its outcome after it.

        Raises Unavailable: without the first note nothing must be sent. A missing second one may cost a
        second mail, an error would.
        """
        place = f"tries.{uuid4().hex}"
        with translated("the database cannot note that a mail is being sent"):
            await self._mails.update_one(
                {"_id": cause_id},
                {
                    "$setOnInsert": {"about": about, "message_id": message_id},
                    "$set": {place: {"attempt": attempt, "began": datetime.now(UTC)}},
                },
                upsert=True,
            )
        try:
            yield
        except (MailRefused, MailDelayed) as error:
            maybe = isinstance(error, MailDelayed) and error.maybe_sent
            await self._end(cause_id, place, Outcome.UNKNOWN if maybe else Outcome.REFUSED)
            raise
        await self._end(cause_id, place, Outcome.SENT)

    async def _end(self, cause_id: str, place: str, outcome: Outcome) -> None:
        now = datetime.now(UTC)
        noted: dict[str, Any] = {f"{place}.outcome": outcome.value, f"{place}.ended": now}
        if outcome is Outcome.SENT:
            noted |= {"state": Outcome.SENT.value, "time": now}
        try:
            await self._mails.update_one({"_id": cause_id}, {"$set": noted})
        except PyMongoError as error:
            log.warning("mail_not_noted", event_id=cause_id, outcome=outcome, error=type(error).__name__)
