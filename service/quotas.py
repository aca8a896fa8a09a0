"""Limits of accounts: those of roles, by settings, and those that an operator gives to single accounts.

`bytes_stored=50GB&jobs_open=20` is how limits are written. What is not named has no limit.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct, structs
from pymongo.asynchronous.database import AsyncDatabase

from events.mongodb_errors import translated

COLLECTION = "quotas"
"""One document for each account with limits of its own, by the names below; null: none."""

Amount = Annotated[int, Meta(ge=0, le=2**63 - 1)]

_UNITS = {
    "bytes_stored": {"kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
    | {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40},
    "audio_seconds": {"s": 1, "m": 60, "h": 3600},
}
NO_LIMIT, BY_ROLE = "none", "role"


class Limits(Struct, frozen=True, kw_only=True):
    """An account's limits; null: as much as it likes. Days are those of UTC.

    `audio_seconds` and `jobs_today` are for a day: the audio made, and the jobs begun by uploads and outputs.
    `jobs_open`: jobs that wait or are under way. `uploads_at_once`: files on their way in.
    """

    bytes_stored: Amount | None = None
    audio_seconds: Amount | None = None
    jobs_today: Amount | None = None
    jobs_open: Amount | None = None
    uploads_at_once: Amount | None = None
    requests_a_minute: Amount | None = None


NAMES = Limits.__struct_fields__
Own = Mapping[str, int | None]
"""Limits of an account's own, in the place of its roles'."""


def read(text: str) -> Limits:
    """Return the limits that a setting names. Raises ValueError with what is wrong."""
    pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True) if text else []
    named = [name for name, _ in pairs]
    if len(set(named)) < len(named):
        raise ValueError("a limit is named twice")
    return Limits(**{name: amount(name, value) for name, value in pairs})


def amount(name: str, text: str) -> int | None:
    """Return the limit that a text stands for, None for `none`. Raises ValueError."""
    if name not in NAMES:
        raise ValueError(f"there is no limit {name!r}: {', '.join(NAMES)}")
    units = _UNITS.get(name, {})
    if text == NO_LIMIT:
        return None
    found = re.fullmatch(r"([0-9]{1,19})([A-Za-z]*)", text)
    if found is None or (found[2] and found[2] not in units):
        with_unit = f", perhaps with a unit: {', '.join(units)}" if units else ""
        raise ValueError(f"{name} takes a whole number{with_unit}; or {NO_LIMIT}")
    return msgspec.convert(int(found[1]) * units.get(found[2], 1), Amount)


def widest(several: Iterable[Limits]) -> Limits:
    """Return the limits of who has several roles: of each limit the most generous."""
    all_ = list(several)
    found: dict[str, int | None] = {}
    for name in NAMES:
        amounts = [getattr(limits, name) for limits in all_]
        found[name] = None if None in amounts else max(amounts, default=None)
    return Limits(**found)


def with_own(limits: Limits, own: Own) -> Limits:
    """Return the limits of an account that has some of its own."""
    return structs.replace(limits, **own)


class OwnLimits:
    """The limits that single accounts have, in MongoDB. Every method raises Unavailable."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._quotas = database[COLLECTION]

    async def all(self) -> dict[str, Own]:
        """Return them by account."""
        with translated("the quotas", words=str):
            documents = await self._quotas.find().to_list()
        return {document["_id"]: _own(document) for document in documents}

    async def get(self, account: str) -> Own:
        """Return those of an account."""
        with translated("the quotas", words=str):
            document = await self._quotas.find_one({"_id": account})
        return _own(document or {})

    async def get_many(self, accounts: Collection[str]) -> dict[str, Own]:
        """Return those of some accounts, by account."""
        with translated("the quotas", words=str):
            documents = await self._quotas.find({"_id": {"$in": list(accounts)}}).to_list()
        return {document["_id"]: _own(document) for document in documents}

    async def set(self, account: str, own: Own) -> None:
        """Replace those of an account."""
        with translated("the quotas", words=str):
            if own:
                await self._quotas.replace_one({"_id": account}, {"_id": account, **own}, upsert=True)
            else:
                await self._quotas.delete_one({"_id": account})


def _own(document: Mapping[str, Any]) -> Own:
    """Return what this version knows of a document."""
    return {name: document[name] for name in NAMES if name in document}
