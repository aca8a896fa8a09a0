"""The keys of jobs, in MongoDB: while a key is there, what a person typed for its job can be read.

    job_keys    `_id` the job, `account`, `key`; once destroyed: `_id`, `destroyed` and no key

A key is made before the first event of its job is published. Its document stays when the key is destroyed, so
a late publisher makes no second one: what it would have sealed is left out of its event. Nothing else has the
key but backups (see `tonearm forget`), and the memory of processes, which use it for `SECONDS` twice at most.
"""

import os
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import ReadPreference, ReturnDocument, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Event, Recorded
from events.mongodb_errors import translated
from events.privacy.sealing import KEY_BYTES, is_personal, seal, unseal

COLLECTION = "job_keys"
SECONDS = 300.0
MOST = 10_000
_IDS_AT_ONCE = 50
"""SecantusDB answers `$in` over long lists slowly; MongoDB does not mind short ones."""


class JobKeys:
    """The keys, with those of the last minutes in memory (a `Keys`)."""

    def __init__(self, database: AsyncDatabase[Any], *, most: int = MOST, seconds: float = SECONDS) -> None:
        """`most` keys are held in each of two generations, each for `seconds`: some 250 bytes a key."""
        # A secondary may lack the newest keys, and a name without its key is folded as empty for good.
        self._keys = database.get_collection(COLLECTION, read_preference=ReadPreference.PRIMARY)
        self._most, self._seconds = most, seconds
        self._young: dict[str, bytes | None] = {}
        self._old: dict[str, bytes | None] = {}
        self._turned = time.monotonic()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    async def make(self, job_id: str, account: str) -> None:
        """Make the key of a job to come, if it has none. Raises Unavailable."""
        await self._made(job_id, account)

    async def seal(self, event: Event) -> Event:
        """Return the event as the log may hold it. Raises Unavailable."""
        return seal(event, await self._made(event.subject, event.account)) if is_personal(event) else event

    async def open(self, event: Event) -> Event:
        """Return the event whole, as far as its key is there. Raises Unavailable."""
        return (await self.opened([Recorded(0, event)]))[0].event

    async def opened(self, events: Sequence[Recorded]) -> Sequence[Recorded]:
        """Return the events whole, as far as their keys are there. Raises Unavailable."""
        jobs = {each.event.subject for each in events if each.event.sealed is not None}
        if not jobs:
            return events
        keys = await self._found(jobs)
        return [
            each
            if each.event.sealed is None
            else Recorded(each.offset, unseal(each.event, keys[each.event.subject]))
            for each in events
        ]

    async def warm(self) -> None:
        """Hold as many keys as may be, read at once: for who reads a whole log. Raises Unavailable."""
        with translated("the keys of jobs"):
            async for document in self._keys.find(limit=self._most, batch_size=2000):
                self._young[document["_id"]] = document.get("key")

    async def destroy(self, job_ids: Collection[str]) -> None:
        """Forget what was typed for these jobs, for good. Raises Unavailable."""
        gone = {"$unset": {"key": "", "account": ""}, "$min": {"destroyed": datetime.now(UTC)}}
        ids = list(job_ids)
        with translated("the keys of jobs"):
            for at in range(0, len(ids), _IDS_AT_ONCE):
                some = ids[at : at + _IDS_AT_ONCE]
                await self._keys.bulk_write([UpdateOne({"_id": each}, gone, upsert=True) for each in some])
        self._young.update(dict.fromkeys(ids))

    async def destroy_account(self, account: str) -> None:
        """Forget what was typed for all jobs of an account, also for those that no log knows.

        Reads all keys. Raises Unavailable.
        """
        with translated("the keys of jobs"):
            await self.destroy(
                [each["_id"] async for each in self._keys.find({"account": account}, {"_id": 1})]
            )

    async def destroyed(self) -> dict[str, datetime]:
        """Return the jobs whose keys are destroyed, and when that was. Raises Unavailable."""
        with translated("the keys of jobs"):
            gone = self._keys.find({"destroyed": {"$exists": True}})
            return {each["_id"]: each["destroyed"] async for each in gone}

    async def _made(self, job_id: str, account: str) -> bytes | None:
        """Return the job's key, a new one where there has been none; None where it is destroyed."""
        self._turn()
        if key := self._young.get(job_id, self._old.get(job_id)):
            return key
        new = {"account": account, "key": os.urandom(KEY_BYTES)}
        with translated("the keys of jobs"):
            document = await self._keys.find_one_and_update(
                {"_id": job_id}, {"$setOnInsert": new}, upsert=True, return_document=ReturnDocument.AFTER
            )
        self._young[job_id] = made = document["key"] if document and "key" in document else None
        return made

    async def _found(self, job_ids: Iterable[str]) -> dict[str, bytes | None]:
        """Return the key of each of these jobs; None where there is none."""
        self._turn()
        found: dict[str, bytes | None] = {}
        lacking = []
        for job_id in job_ids:
            held = self._young if job_id in self._young else self._old
            if job_id in held:
                found[job_id] = held[job_id]
            else:
                lacking.append(job_id)
        if lacking:
            read: dict[str, bytes | None] = {}
            with translated("the keys of jobs"):
                for at in range(0, len(lacking), _IDS_AT_ONCE):
                    wanted = {"_id": {"$in": lacking[at : at + _IDS_AT_ONCE]}}
                    read.update({each["_id"]: each.get("key") async for each in self._keys.find(wanted)})
            self._young |= read  # one that is not there at all is asked for again: it may come back
            found |= dict.fromkeys(lacking) | read
        return found

    def _turn(self) -> None:
        age = time.monotonic() - self._turned
        if age >= self._seconds or len(self._young) >= self._most:
            self._old = self._young if age < 2 * self._seconds else {}
            self._young, self._turned = {}, time.monotonic()
