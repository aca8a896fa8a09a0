"""The webhooks of all accounts, in MongoDB. Address and secrets are sealed: a copy of it has neither.

webhooks    one document per webhook: `account`, `url`, `events`, `created`, and `secrets`, each with the
            time `until` which it signs, if it has one. The projection of the log adds `failing_since`,
            `accepted` and `disabled` (`at`, `reason`)
"""

import base64
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase

from events.mongodb_errors import translated
from events.types import DisablingReason
from service.handover_keys import HandoverKeys, NotSealed
from service.webhooks.hook import OLD_SECRET_FOR, Disabling, Hook

COLLECTION = "webhooks"
_SECRET_BYTES = 32
"""The specification asks for 24 to 64."""
_WHAT = "the webhooks"

Document = dict[str, Any]

log = structlog.get_logger()


class HookStore:
    """The stored webhooks. Every method raises Unavailable."""

    def __init__(self, database: AsyncDatabase[Any], keys: HandoverKeys) -> None:
        self._hooks, self._keys = database[COLLECTION], keys

    async def prepare(self) -> None:
        """Create the index: webhooks are looked for by their account."""
        await self._hooks.create_index([("account", ASCENDING)])

    async def add(self, hook: Hook) -> None:
        """Keep a new webhook. Raises NoHandoverSecrets."""
        document = {
            "_id": hook.hook_id,
            "account": hook.account,
            "url": self._keys.seal(_url(hook.hook_id), hook.url),
            "secrets": [self._sealed(hook.hook_id, each) for each in hook.secrets],
            "events": list(hook.events),
            "created": hook.created,
        }
        with translated(_WHAT):
            await self._hooks.insert_one(document)

    async def find(self, hook_id: str) -> Hook | None:
        """Return a webhook, of any account."""
        with translated(_WHAT):
            found = await self._hooks.find_one({"_id": hook_id})
        return self._opened(found) if found else None

    async def of_account(self, account: str) -> list[Hook]:
        """Return an account's webhooks, the oldest first."""
        with translated(_WHAT):
            found = await self._hooks.find({"account": account}).sort("_id", ASCENDING).to_list()
        return [self._opened(each) for each in found]

    async def wanting(self, account: str, type_: str) -> list[str]:
        """Return the ids of the account's webhooks that want events of this type."""
        with translated(_WHAT):
            found = await self._hooks.find({"account": account}, {"events": 1, "disabled": 1}).to_list()
        return [each["_id"] for each in found if type_ in each["events"] and "disabled" not in each]

    async def exchange_secret(self, hook: Hook, new: str, now: datetime) -> None:
        """Sign by a new secret from now on, and for a day by the last one, too. Raises NoHandoverSecrets."""
        last = {**self._sealed(hook.hook_id, hook.secrets[0]), "until": now + OLD_SECRET_FOR}
        kept = [self._sealed(hook.hook_id, new), last]
        with translated(_WHAT):
            await self._hooks.update_one({"_id": hook.hook_id}, {"$set": {"secrets": kept}})

    async def has(self, account: str, hook_id: str) -> bool:
        """Return True if the account has this webhook."""
        with translated(_WHAT):
            return await self._hooks.find_one({"_id": hook_id, "account": account}, {"_id": 1}) is not None

    async def remove(self, hook_id: str) -> None:
        """Forget a webhook, with its address and its secrets."""
        with translated(_WHAT):
            await self._hooks.delete_one({"_id": hook_id})

    async def forget_account(self, account: str) -> None:
        """Forget all webhooks of an account."""
        with translated(_WHAT):
            await self._hooks.delete_many({"account": account})

    async def accepted(self, hook_id: str, at: datetime) -> None:
        """Project that the receiver has accepted a delivery."""
        with translated(_WHAT):
            await self._hooks.update_one({"_id": hook_id}, {"$max": {"accepted": at}})
            await self._hooks.update_one(
                {"_id": hook_id, "failing_since": {"$lt": at}}, {"$unset": {"failing_since": ""}}
            )

    async def failed(self, hook_id: str, at: datetime) -> None:
        """Project that a delivery has failed. It counts only after what was accepted last."""
        with translated(_WHAT):
            await self._hooks.update_one(
                {"_id": hook_id, "accepted": {"$not": {"$gte": at}}}, {"$min": {"failing_since": at}}
            )

    async def disable(self, hook_id: str, at: datetime, reason: DisablingReason) -> None:
        """Project that the webhook gets nothing more."""
        disabled = {"at": at, "reason": reason.value}
        with translated(_WHAT):
            await self._hooks.update_one(
                {"_id": hook_id, "disabled": {"$exists": False}}, {"$set": {"disabled": disabled}}
            )

    def _sealed(self, hook_id: str, secret: str) -> Document:
        return {"sealed": self._keys.seal(_secret(hook_id), secret)}

    def _opened(self, found: Document) -> Hook:
        hook_id, now = found["_id"], datetime.now(UTC)
        signing = [each["sealed"] for each in found["secrets"] if each.get("until", now) >= now]
        try:
            url = self._keys.open(_url(hook_id), found["url"])
            opened = tuple(self._keys.open(_secret(hook_id), each) for each in signing)
        except NotSealed as error:
            log.error("webhook_sealed", hook_id=hook_id, error=str(error))
            url, opened = "", ()
        return Hook(
            hook_id=hook_id,
            account=found["account"],
            url=url,
            secrets=opened,
            events=tuple(found["events"]),
            created=found["created"],
            failing_since=found.get("failing_since"),
            disabled=_disabling(found.get("disabled")),
        )


def new_secret() -> str:
    """Return a secret as receivers are given it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _disabling(found: Mapping[str, Any] | None) -> Disabling | None:
    return Disabling(at=found["at"], reason=DisablingReason(found["reason"])) if found else None


def _url(hook_id: str) -> str:
    return f"webhook-url {hook_id}"


def _secret(hook_id: str) -> str:
    return f"webhook-secret {hook_id}"
