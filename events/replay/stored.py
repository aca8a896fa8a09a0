"""The stored views in bulk: a version read whole, and written many at a time."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple, cast

import bson
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from events.errors import Unavailable
from events.projections.jobs import COLLECTION, JobView
from events.replay.comparing import digest, document, packed
from events.replay.exits import Refused, WrongArgument
from events.views import JobViews, ViewStore

_DUPLICATE_KEY = 11000
_AT_ONCE = 2000


class Stored(NamedTuple):
    """What is kept of a stored view to compare it: how far it has seen, where it begins, its digest."""

    seen: int
    begins: int
    digest: bytes


class Version(ViewStore):
    """One version of the job views. Its methods raise PyMongoError where `ViewStore`'s do not already."""

    def __init__(self, database: AsyncDatabase[Any], number: int) -> None:
        super().__init__(database, f"{COLLECTION}_v{number}")
        self.number = number

    async def documents(self, query: dict[str, Any] | None = None) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield the stored documents, in no order, many at a time."""
        # Raw batches: decoding a batch in one call is three times as fast as a document at a time.
        async for batch in self._views.find_raw_batches(query or {}, batch_size=_AT_ONCE):
            yield bson.decode_all(cast("bytes", batch))

    async def document(self, job_id: str) -> dict[str, Any] | None:
        """Return one stored document, without its `_id`."""
        found = await self._views.find_one({"_id": job_id})
        return {key: value for key, value in found.items() if key != "_id"} if found else None

    async def scan(self, mine: Callable[[str], bool]) -> dict[str, Stored]:
        """Return what is stored of the jobs that are `mine`: about 300 bytes of memory a job."""
        found: dict[str, Stored] = {}
        async for batch in self.documents():
            for each in batch:
                job_id = str(each.pop("_id"))
                if mine(job_id):
                    found[job_id] = _stored(each)
        return found

    async def insert(self, views: Sequence[JobView]) -> list[str]:
        """Write views that are most likely new. Returns the jobs that were there already, untouched."""
        there: list[str] = []
        for at in range(0, len(views), _AT_ONCE):
            some = views[at : at + _AT_ONCE]
            try:
                await self._views.insert_many(
                    [{"_id": view.job_id, **document(view)} for view in some], ordered=False
                )
            except BulkWriteError as error:
                failures = error.details.get("writeErrors", [])
                if any(each["code"] != _DUPLICATE_KEY for each in failures):
                    raise Unavailable(f"the views: {error}") from error
                there += [some[each["index"]].job_id for each in failures]
        return there


def _stored(each: dict[str, Any]) -> Stored:
    try:
        seen, begins = int(each["seen"]), int(each["timeline"][0]["offset"])
    except (KeyError, IndexError, TypeError, ValueError):
        seen, begins = -1, -1  # not a view; it will be found different from any
    return Stored(seen, begins, digest(packed(each)))


async def live(database: AsyncDatabase[Any]) -> Version:
    """Return the live version. Raises Unavailable."""
    return Version(database, await JobViews(database).live_number())


async def versions(database: AsyncDatabase[Any]) -> list[Version]:
    """Return the versions that have a collection, oldest first."""
    names = await database.list_collection_names()
    numbers = sorted(int(m[1]) for name in names if (m := re.fullmatch(rf"{COLLECTION}_v(\d{{1,9}})", name)))
    return [Version(database, number) for number in numbers]


async def named(database: AsyncDatabase[Any], text: str) -> Version:
    """Return the version called `live`, `2`, `v2` or `jobs_v2`. Raises WrongArgument, Refused."""
    if text == "live":
        return await live(database)
    match = re.fullmatch(rf"(?:{COLLECTION}_)?v?(\d{{1,9}})", text)
    if match is None:
        raise WrongArgument(f"{text!r} is no version: live, 2, v2 or {COLLECTION}_v2")
    known = await versions(database)
    for version in known:
        if version.number == int(match[1]):
            return version
    raise Refused(f"there is no version {text}; there are {', '.join(v.name for v in known) or 'none'}")
