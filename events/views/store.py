"""The stored job views: a versioned collection, its checkpoint, and the alias that names the live one.

    jobs_v1, jobs_v2, …     one document per job, guarded by the offset it has seen
    usage_v1, usage_v2, …   beside them one document per account: see `usage`
    projections             `jobs_v1`: the checkpoint of that version; `jobs`: which version is live

The database refuses to write a view when the stored one has seen as much or more, so two projectors at once,
or a slow one, do no harm. `documents` describes a document.
"""

import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import structlog
from msgspec import DecodeError, Struct
from msgspec.structs import asdict
from pymongo import DESCENDING, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, DuplicateKeyError

from events.errors import Unavailable
from events.ids import earliest_id
from events.mongodb_errors import translated
from events.projections.job_view import COLLECTION, JobView, State
from events.views.documents import (
    Document,
    converted,
    index_of,
    needing,
    pack,
    place,
    places,
    unfinished,
    unpack,
    waiting,
)
from events.views.selection import Selection
from events.views.usage import UsageStore

log = structlog.get_logger()

DAMAGED: set[str] = set()
"""Jobs whose stored views this process has left out because it could not read them."""

_DUPLICATE_KEY = 11000
_IDS_AT_ONCE = 50
"""SecantusDB answers `$in` over long lists slowly; MongoDB does not mind short ones."""
_ALIAS_SECONDS = 1.0
_OPEN, _LATELY, _LATEST = timedelta(days=30), timedelta(days=1), 200
_SPANS = (timedelta(hours=1), timedelta(days=1), timedelta(days=30))
"""A page is looked for in spans of time, the near past first: SecantusDB reads all that a query could match
before it sorts, so its cost must not grow with all that an account has ever converted."""


class Checkpoint(Struct, frozen=True):
    """The last event that a version of the views has taken in."""

    offset: int
    event_id: str
    jobs: Mapping[str, int] | None = None
    """Jobs by state up to here; None where they were not counted from the beginning."""
    usage: int | None = None
    """The offset up to which usage was counted. Who moves views and counts none leaves it behind."""

    @property
    def has_usage(self) -> bool:
        """True if the stored usage is as far as the views."""
        return self.usage == self.offset


class Readable(NamedTuple):
    """Views by job id, and the jobs whose stored views are damaged: `tonearm replay rebuild` mends them."""

    views: dict[str, JobView]
    damaged: frozenset[str]


class ViewStore:
    """One version of the job views."""

    def __init__(self, database: AsyncDatabase[Any], name: str) -> None:
        self.name = name
        self._views: AsyncCollection[Document] = database[name]
        self._projections: AsyncCollection[Document] = database["projections"]
        self.usage = UsageStore(database, name)

    async def prepare(self) -> None:
        """Create the indexes: for paging, for the jobs of a video, and for the few that owe an erasure."""
        await self._views.create_index("place")
        await self._views.create_index("video", sparse=True)
        await self._views.create_index("owed", sparse=True)

    async def get(self, job_id: str) -> JobView | None:
        """Return the stored view. Raises Unavailable."""
        with translated("the views", words=str):
            document = await self._views.find_one({"_id": job_id})
        return _view(document) if document else None

    async def get_many(self, job_ids: Sequence[str]) -> dict[str, JobView]:
        """Return those views that are stored, by job id. Raises Unavailable, also when one is damaged."""
        return {document["_id"]: _view(document) for document in await self._documents(job_ids)}

    async def _documents(self, job_ids: Sequence[str]) -> list[Document]:
        found: list[Document] = []
        with translated("the views", words=str):
            for at in range(0, len(job_ids), _IDS_AT_ONCE):
                ids = list(job_ids[at : at + _IDS_AT_ONCE])
                found += await self._views.find({"_id": {"$in": ids}}).to_list()
        return found

    async def readable(self, job_ids: Sequence[str]) -> Readable:
        """Return the stored views, and the jobs of those that are damaged. Raises Unavailable."""
        return _readable(await self._documents(job_ids))

    async def page(
        self, account: str | None, selection: Selection, before: str | None, limit: int
    ) -> list[JobView]:
        """Return up to `limit` views, newest first, older than job id `before`; damaged ones are left out.

        Of all accounts, if it is None. Raises Unavailable.
        """
        found: list[JobView] = []
        index = index_of(account)
        first, last = selection.bounds()
        before = min((each for each in (before, last) if each is not None), default=None)
        with translated("the views", words=str):
            for lower, upper in _ranges(account, before, datetime.now(UTC), first):
                while (lacking := limit - len(found)) > 0:
                    wanted = selection.indexed() | {index: {"$gte": lower, "$lt": upper}}
                    wanted |= selection.query()
                    documents = (
                        await self._views.find(wanted).sort(index, DESCENDING).limit(lacking).to_list()
                    )
                    found += filter(selection.has, _readable(documents).views.values())
                    if len(documents) < lacking:
                        break
                    upper = documents[-1][index]
        return found

    async def states(self, account: str, selection: Selection) -> AsyncIterator[tuple[str, State]]:
        """Yield job and state of all that are selected, in no order; damaged ones are left out where views
        have to be read. Raises Unavailable.
        """
        first, last = selection.bounds()
        lower, upper = places(account)
        if last is not None:
            upper = place(account, last)
        within = {"place": {"$gte": max(lower, place(account, first)), "$lt": upper}}
        fields = {"state": 1} if selection.is_exact else None
        with translated("the views", words=str):
            wanted = selection.indexed() | within | selection.query()
            async for document in self._views.find(wanted, fields, batch_size=2000):
                if selection.is_exact or any(map(selection.has, _readable([document]).views.values())):
                    yield document["_id"], State(document["state"])

    async def made_from(self, account: str, video_id: str) -> list[str]:
        """Return the account's jobs that are made from this video and not deleted. Raises Unavailable."""
        with translated("the views", words=str):
            found = await self._views.find(needing(account, video_id), {"_id": 1}).to_list()
        return [document["_id"] for document in found]

    async def owing(self, limit: int) -> list[str]:
        """Return some of the jobs with files that are still to be erased. Raises Unavailable."""
        with translated("the views", words=str):
            found = await self._views.find({"owed": True}, {"_id": 1}).limit(limit).to_list()
        return [document["_id"] for document in found]

    async def standing(self, before: str, mark: str) -> AsyncIterator[list[JobView]]:
        """Yield the views of jobs that are not deleted and older than job id `before`, or whose text has this
        mark, some at a time; damaged ones are left out. Raises Unavailable.
        """
        of_these = [{"_id": {"$lt": before}}, {"view": {"$regex": re.escape(mark)}}]
        wanted = {"state": {"$ne": State.DELETED.value}, "$or": of_these}
        with translated("the views", words=str):
            cursor = self._views.find(wanted, batch_size=_IDS_AT_ONCE)
            while documents := await cursor.to_list(_IDS_AT_ONCE):
                yield list(_readable(documents).views.values())

    async def told_after(self, account: str, offset: int) -> AsyncIterator[list[JobView]]:
        """Yield the account's views that have seen more than this offset, some at a time; damaged ones are
        left out. Raises Unavailable.
        """
        lower, upper = places(account)
        while True:
            wanted = {"place": {"$gt": lower, "$lt": upper}, "seen": {"$gt": offset}}
            with translated("the views", words=str):
                documents = await self._views.find(wanted).sort("place").limit(_IDS_AT_ONCE).to_list()
            yield list(_readable(documents).views.values())
            if len(documents) < _IDS_AT_ONCE:
                return
            lower = documents[-1]["place"]

    async def waiting(self, account: str, video_id: str, since: str) -> list[str]:
        """Return the jobs of this video that are not over, from the job `since` on. Raises Unavailable."""
        with translated("the views", words=str):
            found = await self._views.find(waiting(account, video_id, since), {"_id": 1}).to_list()
        return [document["_id"] for document in found]

    async def of_late(self, now: datetime) -> AsyncIterator[JobView]:
        """Yield the jobs made within a month that are not over, and the latest that came to audio.

        Damaged ones are left out. Raises Unavailable.
        """
        with translated("the views", words=str):
            async for document in self._views.find(unfinished(earliest_id(now - _OPEN)), batch_size=500):
                for view in _readable([document]).views.values():
                    yield view
            query = converted(earliest_id(now - _LATELY))
            latest = await self._views.find(query).sort("_id", DESCENDING).limit(_LATEST).to_list()
        for view in reversed(_readable(latest).views.values()):
            yield view

    async def all(self) -> AsyncIterator[JobView]:
        """Yield every view, in no order; damaged ones are left out. Raises Unavailable."""
        with translated("the views", words=str):
            async for document in self._views.find({}, batch_size=2000):
                for view in _readable([document]).views.values():
                    yield view

    async def count(self) -> int:
        """Return how many jobs are stored, by the collection's own statistics."""
        return await self._views.estimated_document_count()

    async def save(self, views: Iterable[JobView]) -> None:
        """Write each view unless the stored one has seen as much. Raises Unavailable."""
        writes = [
            ReplaceOne({"_id": view.job_id, "seen": {"$lt": view.seen}}, pack(view), upsert=True)
            for view in views
        ]
        if not writes:
            return
        with translated("the views", words=str):
            try:
                await self._views.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                # The guard refused, so the upsert tried to insert a second one: stored is as new or newer.
                if any(each["code"] != _DUPLICATE_KEY for each in error.details.get("writeErrors", [])):
                    raise

    async def insert(self, views: Sequence[JobView]) -> list[JobView]:
        """Write views that are most likely new, several times faster than `save`.

        Returns those of jobs that were there already, which it leaves untouched. Raises Unavailable.
        """
        if not views:
            return []
        with translated("the views", words=str):
            try:
                await self._views.insert_many([pack(view) for view in views], ordered=False)
            except BulkWriteError as error:
                failures = error.details.get("writeErrors", [])
                if any(each["code"] != _DUPLICATE_KEY for each in failures):
                    raise
                return [views[each["index"]] for each in failures]
        return []

    async def add(self, views: Sequence[JobView]) -> None:
        """Write views as `save` does, faster where most of them are new. Raises Unavailable."""
        await self.save(await self.insert(views))

    async def checkpoint(self) -> Checkpoint | None:
        """Return the checkpoint of this version; None before its first event. Raises Unavailable."""
        with translated("the checkpoint", words=str):
            document = await self._projections.find_one({"_id": self.name})
        if document is None:
            return None
        return Checkpoint(
            document["offset"], document["event_id"], document.get("jobs"), document.get("usage")
        )

    async def move_checkpoint(self, old: Checkpoint | None, new: Checkpoint) -> bool:
        """Move the checkpoint if it still is where it was (compare and set). Raises Unavailable."""
        with translated("the checkpoint", words=str):
            try:
                if old is None:
                    await self._projections.insert_one({"_id": self.name, **asdict(new)})
                    return True
                result = await self._projections.update_one(
                    {"_id": self.name, "offset": old.offset}, {"$set": asdict(new)}
                )
            except DuplicateKeyError:
                return False
        return result.matched_count == 1

    async def drop(self) -> None:
        """Remove this version, its usage and its checkpoint."""
        await self._views.drop()
        await self.usage.drop()
        await self._projections.delete_one({"_id": self.name})


class JobViews:
    """The live version of the views, found by the alias."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._database = database
        self._live: ViewStore | None = None
        self._known_until = 0.0

    async def live(self) -> ViewStore:
        """Return the live version; another process's switch is seen within a second. Raises Unavailable."""
        if self._live is None or time.monotonic() > self._known_until:
            name = await self._alias()
            if self._live is None or self._live.name != name:
                self._live = ViewStore(self._database, name)
            self._known_until = time.monotonic() + _ALIAS_SECONDS
        return self._live

    def version(self, number: int) -> ViewStore:
        """Return a version by number, whether it exists or not."""
        return ViewStore(self._database, f"{COLLECTION}_v{number}")

    async def live_number(self) -> int:
        """Return the live version's number. Raises Unavailable."""
        return int((await self._alias()).rpartition("_v")[2])

    async def switch(self, old: int, new: int) -> bool:
        """Make `new` live if `old` still is. Raises Unavailable."""
        with translated("the projections", words=str):
            await self._database["projections"].update_one(
                {"_id": COLLECTION}, {"$setOnInsert": {"live": f"{COLLECTION}_v{old}"}}, upsert=True
            )
            result = await self._database["projections"].update_one(
                {"_id": COLLECTION, "live": f"{COLLECTION}_v{old}"},
                {"$set": {"live": f"{COLLECTION}_v{new}"}},
            )
        self._known_until = 0.0
        return result.matched_count == 1

    async def get(self, job_id: str) -> JobView | None:
        """Return a job's stored view. Raises Unavailable."""
        return await (await self.live()).get(job_id)

    async def page(
        self, account: str | None, selection: Selection, before: str | None, limit: int
    ) -> list[JobView]:
        """Return up to `limit` views, newest first, older than job id `before`. Raises Unavailable.

        Of all accounts, if it is None.
        """
        return await (await self.live()).page(account, selection, before, limit)

    async def _alias(self) -> str:
        with translated("the projections", words=str):
            document = await self._database["projections"].find_one({"_id": COLLECTION})
        return str(document["live"]) if document else f"{COLLECTION}_v1"


def _ranges(
    account: str | None, before: str | None, now: datetime, first: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield ranges of places that lie side by side and together hold all of the account's, from `first` on.

    So none is left out, whatever the clock and the ids are; only the speed depends on them. All accounts' are
    one range: MongoDB goes through the ids backwards, and SecantusDB reads everything for any range of them.
    """
    _, upper = places(account)
    bottom = place(account, first)
    if before is not None:
        upper = place(account, before)
    for span in _SPANS if account is not None else ():
        lower = max(bottom, place(account, earliest_id(now - span)))
        if lower < upper:
            yield lower, upper
            upper = lower
    if bottom < upper:
        yield bottom, upper


def _view(document: Document) -> JobView:
    try:
        return unpack(document)
    except (KeyError, TypeError, DecodeError) as error:
        raise Unavailable(
            f"the view of job {document['_id']} is damaged ({error}): `tonearm replay rebuild` mends it"
        ) from error


def _readable(documents: Iterable[Document]) -> Readable:
    """Unpack all views but damaged ones, which are logged and counted: one must not block all others."""
    views: dict[str, JobView] = {}
    damaged: set[str] = set()
    for document in documents:
        try:
            views[document["_id"]] = _view(document)
        except Unavailable as error:
            log.error("view_damaged", job_id=document["_id"], error=str(error))
            DAMAGED.add(document["_id"])
            damaged.add(document["_id"])
    return Readable(views, frozenset(damaged))
