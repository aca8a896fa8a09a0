"""Numbers over time in MongoDB, an hour a document: a week of them is read at once.

    history_counts    `_id`: the hour in Unix seconds, `seen`: the guard of every write, `hour`: JSON text
    history_samples   `_id`: the same; `minutes`: the looks as JSON texts, by minute
    projections       `history`: up to where the log was counted

Counts are written on condition of `seen`, so of two writers one finds that it is not alone. An hour that is
ahead of the place in the log is one whose writer died in between: its events come again, and are not counted.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from events.errors import LeaseLost
from events.mongodb_errors import translated
from gateway.admin.history.counts import HOUR, MINUTE, Counts, Hour
from gateway.admin.history.samples import Sample

_PLACE = "history"
_WHAT = "the history"
_encode = msgspec.json.Encoder().encode
_hour = msgspec.json.Decoder(Hour).decode
_sample = msgspec.json.Decoder(Sample).decode


class Place(Struct, frozen=True, kw_only=True):
    """An event from which on the log is read again, and the time that is counted, in Unix seconds.

    Offset -1: nothing was read yet.
    """

    offset: int = -1
    event_id: str = ""
    since: float
    until: float


class HistoryStore:
    """The stored numbers. Every method raises Unavailable."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._counts, self._samples = database["history_counts"], database["history_samples"]
        self._places = database["projections"]

    async def place(self) -> Place | None:
        """Return up to where the log was counted; None: it never was."""
        with translated(_WHAT):
            found = await self._places.find_one({"_id": _PLACE})
        return None if found is None else msgspec.convert({**found, "_id": ""}, Place)

    async def note(self, place: Place) -> None:
        """Note up to where the log was counted."""
        with translated(_WHAT):
            await self._places.update_one({"_id": _PLACE}, {"$set": asdict(place)}, upsert=True)

    async def hour(self, at: int) -> Hour:
        """Return an hour's counts."""
        with translated(_WHAT):
            found = await self._counts.find_one({"_id": at})
        return _hour(found["hour"]) if found else Hour()

    async def write(self, at: int, seen: int, hour: Hour) -> None:
        """Write an hour whose stored counts have seen so much. Raises LeaseLost if they have not."""
        document = {"_id": at, "seen": hour.seen, "hour": _encode(hour).decode()}
        with translated(_WHAT):
            try:
                done = await self._counts.replace_one({"_id": at, "seen": seen}, document, upsert=seen < 0)
            except DuplicateKeyError:
                done = None
        if done is None or not (done.matched_count or done.upserted_id is not None):
            raise LeaseLost("another process counts the history")

    async def counts(self, first: int, last: int) -> Mapping[int, Counts]:
        """Return the counts of the minutes from `first` to `last`, in Unix seconds, that have any."""
        wanted = {"_id": {"$gte": first // HOUR * HOUR, "$lte": last}}
        with translated(_WHAT):
            found = await self._counts.find(wanted).to_list()
        return {
            each["_id"] + minute * MINUTE: counts
            for each in found
            for minute, counts in _hour(each["hour"]).minutes.items()
        }

    async def look(self, at: int, sample: Sample) -> None:
        """Keep the look of a minute."""
        hour, minute = at // HOUR * HOUR, at % HOUR // MINUTE
        field = {f"minutes.{minute}": _encode(sample).decode()}
        with translated(_WHAT):
            await self._samples.update_one({"_id": hour}, {"$set": field}, upsert=True)

    async def samples(self, first: int, last: int) -> Mapping[int, Sample]:
        """Return the looks of the minutes from `first` to `last`, in Unix seconds."""
        wanted = {"_id": {"$gte": first // HOUR * HOUR, "$lte": last}}
        with translated(_WHAT):
            found = await self._samples.find(wanted).to_list()
        return {
            each["_id"] + int(minute) * MINUTE: _sample(text)
            for each in found
            for minute, text in each["minutes"].items()
        }

    async def forget(self, before: int) -> None:
        """Remove the hours before one."""
        with translated(_WHAT):
            for collection in (self._counts, self._samples):
                await collection.delete_many({"_id": {"$lt": before}})

    async def begin_anew(self) -> None:
        """Remove all that was counted: it was of another log."""
        with translated(_WHAT):
            await self._places.delete_one({"_id": _PLACE})
            await self._counts.delete_many({})
