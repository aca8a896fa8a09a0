"""The door: who begins a job comes through here, and two gateways have one limit between them.

    admissions   one document per account: `version`, and the holds

A view counts a job only when its event has come round, so what was let in before is held here. A hold names
its job. It counts until the job is seen, and goes when the job is stored, from when on every gateway
counts it. One that was given back is not brought back. The document is changed by compare-and-set, so of
two gateways that want the last place one looks again. A process that dies lets its holds expire.

Accounts without limits cost nothing here.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol
from weakref import WeakValueDictionary

import msgspec
from msgspec import structs
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from events.errors import NotConfirmed, Unavailable
from events.mongodb_errors import translated
from events.projections.job_view import JobView
from gateway.errors import Crowded, MaybeAccepted, NotSeenYet, QuotaExceeded
from gateway.http.rate_limits import Standing
from gateway.quotas.live_usage import LiveUsage
from gateway.quotas.room import Hold, Room
from service.quotas import Limits

COLLECTION = "admissions"
LEASE = 60.0
"""Seconds without a sign of life after which what was let in is given up for dead, unless a client may be
silent for longer (see `service.http.patience`)."""
_STEP = 32 * 2**20
"""Bytes that an upload of unknown length takes at a time."""
_ATTEMPTS = 30
_PAUSE = 0.02
_GIVE_UP_WITHIN = 2.0

_NONE = Limits()


class Entrance:
    """The way in for one account, by the limits that hold for its caller."""

    def __init__(
        self,
        door: "Door | None" = None,
        account: str = "",
        limits: Limits = _NONE,
        told: Callable[[list[Standing]], None] = lambda standings: None,
    ) -> None:
        """`told` receives what is left of each limit. Without a door the way is open."""
        self._door, self._account, self._told = door, account, told
        self._limits = structs.replace(limits, requests_a_minute=None)

    @asynccontextmanager
    async def admitted(
        self, job_id: str, *, run: int = 1, size: int = 0, most: int | None = None, is_upload: bool = False
    ) -> AsyncIterator["Admission"]:
        """Let in a run of a job for the block. An error gives its place back at once.

        `size` are the bytes that it is to store, as far as is known, `most` those that may come at most.

        Raises QuotaExceeded, StorageFull, Crowded, Unavailable.
        """
        if self._is_open:
            yield Admission()
            return
        admission, is_in = self._admission(job_id, run=run, size=size, most=most, arrives=is_upload), False
        try:
            await admission.begin()
            is_in = True
            yield admission
        except (MaybeAccepted, NotConfirmed, NotSeenYet):
            raise  # the job or its run may exist: then it counts, and its hold until then
        except BaseException as error:
            if isinstance(error, QuotaExceeded) and not is_in:
                raise
            await self.release(job_id, run=run)
            raise

    async def reserve(self, job_id: str, *, size: int, seconds: float) -> None:
        """Keep a place for so long, for a file that comes piece by piece. `size`: 0 if it is not known.

        Raises QuotaExceeded, StorageFull, Crowded, Unavailable.
        """
        await self._admission(job_id, size=size, seconds=seconds).begin()

    @asynccontextmanager
    async def arriving(self, job_id: str, *, size: int, seconds: float) -> AsyncIterator["Admission"]:
        """Let in a piece of such a file for the block. The file's place is kept, for so long from now on.

        Raises QuotaExceeded, StorageFull, Crowded, Unavailable.
        """
        admission = self._admission(job_id, size=size, seconds=seconds, arrives=True)
        await admission.begin()
        try:
            yield admission
        finally:
            with suppress(TimeoutError, Unavailable, Crowded):
                await asyncio.shield(asyncio.wait_for(admission.rest(), _GIVE_UP_WITHIN))

    async def release(self, job_id: str, *, run: int = 1) -> None:
        """Give a place back at once, if the database answers; it is given up after its time anyway."""
        if self._door is not None and not self._is_open:
            with suppress(TimeoutError, PyMongoError):
                giving = self._door.give_back(self._account, job_id, run)
                await asyncio.shield(asyncio.wait_for(giving, _GIVE_UP_WITHIN))

    @property
    def _is_open(self) -> bool:
        return self._door is None or self._limits == _NONE

    def _admission(
        self,
        job_id: str,
        *,
        run: int = 1,
        size: int = 0,
        most: int | None = None,
        seconds: float = 0.0,
        arrives: bool = False,
    ) -> "Admission":
        if self._door is None or self._is_open:
            return Admission()
        hold = Hold(job_id=job_id, run=run, bytes=size, until=0.0)
        put = partial(self._door.put, self._account, self._limits, self._told)
        return Admission(hold, put, most, lease=self._door.lease, seconds=seconds, arrives=arrives)


OPEN = Entrance()
"""The way in where nothing is limited."""


class Admission:
    """Something that was let in; without a hold nothing limits it."""

    def __init__(
        self,
        hold: Hold | None = None,
        put: "Put | None" = None,
        most: int | None = None,
        *,
        lease: float = 0.0,
        seconds: float = 0.0,
        arrives: bool = False,
    ) -> None:
        """`lease`: seconds for which a sign of life is good; `seconds`: for which the place stays without."""
        self._hold, self._put, self._most = hold, put, most
        self._lease, self._seconds, self._arrives = lease, seconds, arrives
        self._renewed = time.monotonic()

    async def begin(self) -> None:
        """Take a place. Raises QuotaExceeded, StorageFull, Crowded, Unavailable."""

        def let_in(room: Room, hold: Hold) -> Hold:
            room.check(hold)
            return hold

        if self._hold and self._put:
            self._hold = await self._put(self._alive(self._hold), let_in, is_new=True)

    async def reach(self, size: int) -> None:
        """Take room for so many bytes altogether, and show a sign of life.

        Raises StorageFull, Crowded, Unavailable.
        """

        def renewed(room: Room, hold: Hold) -> Hold:
            step = _STEP if self._most is None else max(0, min(_STEP, self._most - size))
            return self._alive(room.grown(hold, size, step))

        if self._hold and self._put:
            is_late = time.monotonic() - self._renewed > self._lease / 4
            if size > self._hold.bytes or is_late:
                self._hold = await self._put(self._hold, renewed, is_new=False)
                self._renewed = time.monotonic()

    async def rest(self) -> None:
        """Keep the place, with nothing on its way in. Raises Crowded, Unavailable."""

        def resting(room: Room, hold: Hold) -> Hold:
            return structs.replace(hold, arriving=0.0)

        if self._hold and self._put:
            await self._put(self._hold, resting, is_new=False)

    def _alive(self, hold: Hold) -> Hold:
        until = time.time() + self._lease
        arriving = until if self._arrives else 0.0
        return structs.replace(hold, arriving=arriving, until=max(until, time.time() + self._seconds))


Place = Callable[[Room, Hold], Hold]
"""Makes of the room, and of a hold that is not counted in it, the hold to be written; or refuses."""


class Put(Protocol):
    """Puts the holds of one account."""

    def __call__(self, hold: Hold, place: Place, *, is_new: bool) -> Awaitable[Hold]:
        """See `Door.put`."""


class Door:
    """Lets in what there is room for."""

    def __init__(self, database: AsyncDatabase[Any], usage: LiveUsage, *, lease: float = LEASE) -> None:
        """`lease`: seconds without a sign of life after which what was let in is given up for dead."""
        self._admissions, self._usage, self.lease = database[COLLECTION], usage, lease
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """By account: requests of one account to this process do not compete with each other."""

    async def forget(self, account: str) -> None:
        """Forget all holds of an account. Raises Unavailable."""
        with translated("the admissions"):
            await self._admissions.delete_one({"_id": account})

    async def put(
        self,
        account: str,
        limits: Limits,
        told: Callable[[list[Standing]], None],
        hold: Hold,
        place: Place,
        *,
        is_new: bool,
    ) -> Hold:
        """Write what `place` makes of a hold, once nobody else has written meanwhile; return it.

        A job that is counted already needs no hold. One that is not new is written only where it still
        stands as it was written last: others may have given it back, or have put theirs in its place.
        Raises what `place` raises, Crowded, Unavailable.
        """
        async with self._turn(account):
            for attempt in range(_ATTEMPTS):
                version, holds = await self._read(account)
                others = [each for each in holds if not _same(each, hold)]
                now = await self._usage.of(account, {each.job_id for each in [*others, hold]})
                if _run(now.views.get(hold.job_id)) >= hold.run:
                    return hold
                begun = [each for each in others if _run(now.views.get(each.job_id)) < each.run]
                room = Room(limits=limits, usage=now.usage, begun=begun, now=datetime.now(UTC))
                told(room.standings())
                placed = place(room, hold)
                if not is_new and hold not in holds and hold.until > time.time():
                    return placed
                kept = [each for each in others if _run(now.stored.get(each.job_id)) < each.run]
                if await self._write(account, version, [*kept, placed]):
                    told(structs.replace(room, begun=[*begun, placed]).standings())
                    return placed
                await asyncio.sleep(random.uniform(0, _PAUSE) * attempt)  # noqa: S311 - no secret
        raise Crowded("too many requests of your account came at once")

    async def _read(self, account: str) -> tuple[int, list[Hold]]:
        """Return the version, 0 for none yet, and the holds that have not expired."""
        with translated("the admissions"):
            document = await self._admissions.find_one({"_id": account})
        if document is None:
            return 0, []
        holds = msgspec.convert(document["holds"], list[Hold])
        return document["version"], [hold for hold in holds if hold.until > time.time()]

    async def _write(self, account: str, version: int, holds: list[Hold]) -> bool:
        """Write the holds if nobody else has meanwhile."""
        document = {"version": version + 1, "holds": msgspec.to_builtins(holds)}
        with translated("the admissions"):
            try:
                if version == 0:
                    await self._admissions.insert_one({"_id": account, **document})
                    return True
                written = await self._admissions.update_one(
                    {"_id": account, "version": version}, {"$set": document}
                )
            except DuplicateKeyError:
                return False
        return written.matched_count == 1

    async def give_back(self, account: str, job_id: str, run: int) -> None:
        """Remove a hold. Raises PyMongoError."""
        await self._admissions.update_one(
            {"_id": account}, {"$pull": {"holds": {"job_id": job_id, "run": run}}, "$inc": {"version": 1}}
        )

    def _turn(self, account: str) -> asyncio.Lock:
        turn = self._turns.get(account)
        if turn is None:
            turn = self._turns[account] = asyncio.Lock()
        return turn


def _same(one: Hold, other: Hold) -> bool:
    return (one.job_id, one.run) == (other.job_id, other.run)


def _run(view: JobView | None) -> int:
    return view.run if view else 0
