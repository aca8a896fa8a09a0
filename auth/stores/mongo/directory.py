"""The directory in MongoDB: collection `users`, one document an account."""

import re
from datetime import datetime
from typing import Any

from pymongo import DESCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from auth.errors import AlreadyRegistered
from auth.stores.directory import Account, Identity
from auth.stores.mongo.errors import answering
from service.mail_preference import MailPreference

COLLECTION = "users"


class MongoDirectory:
    """A `Directory`. The unique index on `email` is what makes an address belong to one account."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._database = database
        self._users = database[COLLECTION]

    async def prepare(self) -> None:
        async with answering():
            await self._users.create_index("email", unique=True)
            await self._users.create_index("identities", unique=True, sparse=True)

    async def ping(self) -> None:
        async with answering():
            await self._database.command("ping")

    async def is_empty(self) -> bool:
        async with answering():
            return await self._users.find_one({}, {"_id": 1}) is None

    async def add(self, account: Account, identity: Identity | None = None) -> None:
        document = {
            "_id": account.account_id,
            "email": account.email,
            "password_hash": account.password_hash,
            "roles": list(account.roles),
            "created": account.created,
            "announced": account.announced,
            "disabled": account.disabled,
            "verified": account.verified,
            "mails": account.mails.value,
            "mail_links": account.mail_links,
            **({"identities": [_key(identity)]} if identity else {}),
        }
        async with answering():
            try:
                await self._users.insert_one(document)
            except DuplicateKeyError:
                raise AlreadyRegistered("an account with this address exists") from None

    async def by_identity(self, identity: Identity) -> Account | None:
        async with answering():
            return _account(await self._users.find_one({"identities": _key(identity)}))

    async def identities(self, account_id: str) -> list[Identity]:
        async with answering():
            found = await self._users.find_one({"_id": account_id}, {"identities": 1}) or {}
        return [Identity(*each.split(" ", 1)) for each in found.get("identities", [])]

    async def link(self, account_id: str, identity: Identity) -> None:
        change = {"$addToSet": {"identities": _key(identity)}, "$set": {"verified": True}}
        async with answering():
            try:
                await self._users.update_one({"_id": account_id}, change)
            except DuplicateKeyError:
                raise AlreadyRegistered("another account has this identity") from None

    async def by_email(self, email: str) -> Account | None:
        async with answering():
            return _account(await self._users.find_one({"email": email}))

    async def by_id(self, account_id: str) -> Account | None:
        async with answering():
            return _account(await self._users.find_one({"_id": account_id}))

    async def rehash(self, account_id: str, old: str, new: str) -> bool:
        async with answering():
            done = await self._users.update_one(
                {"_id": account_id, "password_hash": old}, {"$set": {"password_hash": new}}
            )
        return done.matched_count == 1

    async def set_password(self, account_id: str, password_hash: str) -> bool:
        return await self._set(account_id, {"password_hash": password_hash, "verified": True})

    async def unverified(self, before: datetime, limit: int) -> list[Account]:
        wanted = {"verified": False, "created": {"$lt": before}}
        async with answering():
            documents = await self._users.find(wanted).sort("_id").to_list(limit)
        return [account for document in documents if (account := _account(document))]

    async def erase_unverified(self, account_id: str) -> bool:
        async with answering():
            done = await self._users.delete_one({"_id": account_id, "verified": False})
        return done.deleted_count == 1

    async def mark_announced(self, account_id: str) -> None:
        await self._set(account_id, {"announced": True})

    async def unannounced(self, limit: int) -> list[Account]:
        async with answering():
            documents = await self._users.find({"announced": False}).sort("_id").to_list(limit)
        return [account for document in documents if (account := _account(document))]

    async def page(self, after: str, limit: int) -> list[Account]:
        async with answering():
            documents = await self._users.find({"_id": {"$gt": after}}).sort("_id").to_list(limit)
        return [account for document in documents if (account := _account(document))]

    async def search(self, text: str, before: str, limit: int) -> list[Account]:
        words = re.escape(text)
        wanted: dict[str, Any] = {"$or": [{"email": {"$regex": words}}, {"_id": {"$regex": f"^{words}"}}]}
        if before:
            wanted["_id"] = {"$lt": before}
        async with answering():
            documents = await self._users.find(wanted).sort("_id", DESCENDING).to_list(limit)
        return [account for document in documents if (account := _account(document))]

    async def set_roles(self, account_id: str, roles: tuple[str, ...]) -> bool:
        return await self._set(account_id, {"roles": list(roles)})

    async def set_disabled(self, account_id: str, disabled: bool) -> bool:
        return await self._set(account_id, {"disabled": disabled})

    async def set_mails(self, account_id: str, mails: MailPreference) -> bool:
        return await self._set(account_id, {"mails": mails.value})

    async def set_mail_links(self, account_id: str, links: bool) -> bool:
        return await self._set(account_id, {"mail_links": links})

    async def erase(self, account_id: str) -> bool:
        async with answering():
            return (await self._users.delete_one({"_id": account_id})).deleted_count == 1

    async def _set(self, account_id: str, fields: dict[str, Any]) -> bool:
        async with answering():
            done = await self._users.update_one({"_id": account_id}, {"$set": fields})
        return done.matched_count == 1


def _key(identity: Identity) -> str:
    return " ".join(identity)  # an issuer is a URL, and so without blanks


def _account(document: dict[str, Any] | None) -> Account | None:
    if document is None:
        return None
    return Account(
        account_id=document["_id"],
        email=document["email"],
        password_hash=document["password_hash"],
        roles=tuple(document["roles"]),
        created=document["created"],
        announced=document["announced"],
        disabled=document.get("disabled", False),  # accounts of earlier builds have no such fields
        verified=document.get("verified", True),
        mails=MailPreference(document.get("mails", MailPreference.ALL)),
        mail_links=document.get("mail_links", False),
    )
