"""The deliveries to webhooks, in MongoDB: a projection of the log, so no backup saves it.

    webhook_deliveries    one document per delivery: `hook`, `account`, `offset` of the event that asked for
                          it, `asked`, `about`, `event_id`, `job_id`; `attempts` by their numbers: `at`, and
                          `status`, `code`, `again_in` as far as there are any

Every write sets what its event alone holds, so any order and repetition of events comes to the same.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct
from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Recorded
from events.mongodb_errors import translated
from events.types import DeliveryFailure, HookDelivered, HookDeliveryFailed, HookRequested

COLLECTION = "webhook_deliveries"
KEPT = timedelta(days=30)
"""For so long deliveries are listed."""
_WHAT = "the deliveries to webhooks"

Document = dict[str, Any]


class Standing(StrEnum):
    """The standing of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt. `code`: why it failed. `again_in`: seconds until the next one, if there was to be one."""

    at: datetime
    status: int = 0
    code: DeliveryFailure | None = None
    again_in: float | None = None


class Delivery(Struct, frozen=True, kw_only=True):
    """A delivery. `offset` is its place in the list."""

    delivery_id: str
    offset: int
    asked: datetime
    about: str
    event_id: str
    job_id: str
    attempts: Mapping[int, Attempt]

    @property
    def last(self) -> Attempt | None:
        """The latest attempt."""
        return self.attempts[max(self.attempts)] if self.attempts else None

    @property
    def standing(self) -> Standing:
        """The standing: it has arrived, may still, or never will."""
        if any(each.code is None for each in self.attempts.values()):
            return Standing.DELIVERED
        if self.last and self.last.again_in is None:
            return Standing.FAILED
        return Standing.WAITING

    @property
    def next_attempt(self) -> datetime | None:
        """The time of the next attempt; None: there is none, or it was not tried yet."""
        if self.standing is not Standing.WAITING or self.last is None or self.last.again_in is None:
            return None
        return self.last.at + timedelta(seconds=self.last.again_in)


class DeliveryStore:
    """The stored deliveries. Every method raises Unavailable."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._deliveries = database[COLLECTION]

    async def prepare(self) -> None:
        """Create the indexes: pages of one webhook, what is too old, and an account's."""
        await self._deliveries.create_index([("hook", ASCENDING), ("offset", DESCENDING)])
        await self._deliveries.create_index([("asked", ASCENDING)])
        await self._deliveries.create_index([("account", ASCENDING)])

    async def page(self, hook_id: str, before: int | None, limit: int) -> list[Delivery]:
        """Return the webhook's deliveries, newest first; `before`: only those that stand below this place."""
        wanted: Document = {"hook": hook_id} | ({} if before is None else {"offset": {"$lt": before}})
        with translated(_WHAT):
            found = self._deliveries.find(wanted).sort("offset", DESCENDING).limit(limit)
            return [_delivery(each) async for each in found]

    async def find(self, hook_id: str, delivery_id: str) -> Delivery | None:
        """Return a delivery of this webhook."""
        with translated(_WHAT):
            found = await self._deliveries.find_one({"_id": delivery_id, "hook": hook_id})
        return _delivery(found) if found else None

    async def asked(self, recorded: Recorded, asked: HookRequested) -> None:
        """Project that a delivery was asked for."""
        event = recorded.event
        facts = {
            "hook": event.subject,
            "account": event.account,
            "offset": recorded.offset,
            "asked": event.time,
            "about": asked.about,
            "event_id": asked.event_id,
            "job_id": asked.job_id,
        }
        with translated(_WHAT):
            await self._deliveries.update_one({"_id": asked.delivery_id}, {"$set": facts}, upsert=True)

    async def attempted(self, at: datetime, attempt: HookDelivered | HookDeliveryFailed) -> None:
        """Project an attempt. What nobody knows of is of an account that is forgotten, or too old."""
        facts: Document = {"at": at, "status": attempt.status}
        if isinstance(attempt, HookDeliveryFailed):
            facts |= {"code": attempt.code.value, "again_in": attempt.again_in}
        with translated(_WHAT):
            await self._deliveries.update_one(
                {"_id": attempt.delivery_id}, {"$set": {f"attempts.{attempt.attempt}": facts}}
            )

    async def forget(self, hook_id: str) -> None:
        """Forget the deliveries to a webhook."""
        with translated(_WHAT):
            await self._deliveries.delete_many({"hook": hook_id})

    async def forget_account(self, account: str) -> None:
        """Forget the deliveries of an account."""
        with translated(_WHAT):
            await self._deliveries.delete_many({"account": account})

    async def forget_before(self, time: datetime) -> None:
        """Forget the deliveries that are too old."""
        with translated(_WHAT):
            await self._deliveries.delete_many({"asked": {"$lt": time}})


def _delivery(found: Document) -> Delivery:
    attempts = {
        int(number): msgspec.convert(each, Attempt, strict=False)
        for number, each in sorted(found.get("attempts", {}).items(), key=lambda each: int(each[0]))
    }
    return Delivery(
        delivery_id=found["_id"],
        offset=found["offset"],
        asked=found["asked"],
        about=found["about"],
        event_id=found["event_id"],
        job_id=found["job_id"],
        attempts=attempts,
    )
