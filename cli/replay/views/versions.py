"""The stored views in bulk: a version read whole, and written many at a time."""

import re
from collections.abc import AsyncIterator
from typing import Any

from pymongo import DESCENDING
from pymongo.asynchronous.database import AsyncDatabase

from cli.errors import Refused, WrongArgument
from cli.ids import WHOLE, at_the_end, from_the_end, meant
from cli.replay.views.scan import AT_ONCE
from events.projections.job_view import COLLECTION
from events.views.documents import Document
from events.views.store import JobViews, ViewStore


class Version(ViewStore):
    """One version of the job views. Its methods raise PyMongoError where `ViewStore`'s do not already."""

    def __init__(self, database: AsyncDatabase[Any], number: int) -> None:
        super().__init__(database, f"{COLLECTION}_v{number}")
        self.number = number

    async def documents(self, query: dict[str, Any] | None = None) -> AsyncIterator[list[Document]]:
        """Yield the stored documents, in no order, many at a time."""
        cursor = self._views.find(query or {}, batch_size=AT_ONCE)
        while batch := await cursor.to_list(AT_ONCE):
            yield batch

    async def document(self, job_id: str) -> Document | None:
        """Return one stored document."""
        return await self._views.find_one({"_id": job_id})

    async def jobs_by_state(self) -> dict[str, int]:
        """Return how many jobs are in each state: as the projector counts them, or by reading all."""
        checkpoint = await self.checkpoint()
        if checkpoint is not None and checkpoint.jobs is not None:
            return dict(checkpoint.jobs)
        by_state = [{"$group": {"_id": "$state", "jobs": {"$sum": 1}}}]
        return {each["_id"]: each["jobs"] for each in await (await self._views.aggregate(by_state)).to_list()}

    async def job_meant(self, text: str) -> str:
        """Return the id of the job that is meant; `text` itself if none begins so.

        `@-1` is the last one by its id, which begins with the time. Raises WrongArgument, NothingFound.
        """
        if len(text) >= WHOLE:
            return text
        if place := from_the_end(text):
            last = self._views.find({}, {"_id": True}).sort("_id", DESCENDING).limit(place)
            return at_the_end(place, [each["_id"] for each in await last.to_list(place)][::-1], "job")
        begin = {"_id": {"$gte": text, "$lt": text + "\U0010ffff"}}
        ids = [each["_id"] for each in await self._views.find(begin, {"_id": True}).to_list(AT_ONCE)]
        return meant(text, ids, "job") or text


async def live(database: AsyncDatabase[Any]) -> Version:
    """Return the live version. Raises Unavailable."""
    return Version(database, await JobViews(database).live_number())


async def versions(database: AsyncDatabase[Any]) -> list[Version]:
    """Return the versions that have a collection, oldest first."""
    names = await database.list_collection_names()
    numbers = sorted(int(m[1]) for name in names if (m := re.fullmatch(rf"{COLLECTION}_v(\d{{1,9}})", name)))
    return [Version(database, number) for number in numbers]


async def version_named(database: AsyncDatabase[Any], text: str) -> Version:
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
