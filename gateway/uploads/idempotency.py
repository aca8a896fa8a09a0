"""Idempotency keys (draft-ietf-httpapi-idempotency-key-header): one key, one request, one job.

A key's document is made before the upload begins, and gives it its job id. So a repetition arrives at the
same job and the same event, after any crash and on any replica. The document's states:

- uploading: the file is being stored; the lease shows that the upload still lives.
- stored: the file is stored and its hash known; the event may or may not be in the log.
- done: the event is in the log. When the job is erased, what is known of the file goes from here, too.

Only the lease's owner moves it on, so an upload that was given up for dead cannot finish as a second
one. The sweeper removes the file of an attempt that died.

An attempt that has ended gives the key back, however it ended. Where the database does not answer, that goes
on in the background: the lease is for attempts whose process died, and not for those that had bad luck.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from events.ids import new_id
from events.mongodb_errors import translated
from events.options import Options
from gateway.errors import BadKey, KeyInUse
from gateway.storage import Content
from gateway.uploads.options import Wish

LIFE = timedelta(hours=24)
"""After this time a key is free again."""

LEASE = 60.0
"""Seconds without a sign of life after which an upload is given up for dead, unless a client may be silent
for longer (see `service.http.patience`)."""

_WAIT = 2.0
"""Seconds for which the end of an attempt is waited for; then it goes on in the background."""
_AGAIN = 1.0
"""Seconds until the next try to note the end of an attempt."""

LONGEST_KEY = 255
"""Characters."""

KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


class Submission(Struct, frozen=True, kw_only=True):
    """A stored file and the options of its conversion: what a key belongs to.

    `given` are the options that the request itself named. A repetition is recognised by them, as inherited
    ones may have changed since. None in a document from before they were kept. `imported`: nobody sent the
    file, it was fetched.
    """

    filename: str
    content_type: str
    content: Content
    options: Options = Options()
    given: dict[str, str] | None = None
    imported: bool = False

    def asks_for(self, wish: Wish) -> bool:
        """Return True if a repetition asks for the same conversion."""
        return self.options == wish.options if self.given is None else self.given == wish.given


class Claim(Struct, kw_only=True):
    """A key in use. `submission` is None until the file is stored; `done`: the event is in the log.

    Of a job that was deleted, `submission` is None again.
    """

    id: str
    owner: str
    job_id: str
    video_id: str
    submission: Submission | None = None
    done: bool = False
    renewed: float = 0.0


def read_key(header: str | None) -> str | None:
    """Return the key: a structured-field string, or, as most clients send it, bare. Raises BadKey."""
    if header is None:
        return None
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not KEY.fullmatch(key):
        raise BadKey("an Idempotency-Key is 1 to 255 printable ASCII characters, such as a UUID")
    return key


class IdempotencyKeys:
    """The keys, in MongoDB, for all replicas."""

    def __init__(self, database: AsyncDatabase[Any], *, lease: float = LEASE) -> None:
        self._keys = database["idempotency_keys"]
        self._lease = lease
        self._ending: set[asyncio.Task[None]] = set()

    async def prepare(self) -> None:
        """Create the index by which the database forgets old keys. Raises Unavailable."""
        with translated("the idempotency keys"):
            await self._keys.create_index("created", expireAfterSeconds=int(LIFE.total_seconds()))
            await self._keys.create_index("job_id")

    async def forget(self, job_id: str) -> None:
        """Forget the file and the options of a deleted job; its key stays spent. Raises Unavailable."""
        with translated("the idempotency keys"):
            await self._keys.update_many({"job_id": job_id}, {"$set": {"known": None, "done": True}})

    async def forget_account(self, account: str) -> None:
        """Forget all keys of an account. Raises Unavailable."""
        with translated("the idempotency keys"):
            await self._keys.delete_many({"account": account})

    async def claim(self, account: str, key: str) -> Claim:
        """Take the key, or learn what it stands for. Raises KeyInUse, Unavailable."""
        id_, owner = hashlib.sha256(f"{account}\0{key}".encode()).hexdigest(), new_id()
        try:
            with translated("the idempotency keys"):
                return await self._claim(id_, owner, account)
        except KeyInUse:
            raise
        except BaseException:
            # Whether the database took it is not known, and it may take it later still.
            self._note_end(id_, owner, {"until": 0.0}, may_come_late=True)
            raise

    @asynccontextmanager
    async def held(self, account: str, key: str) -> AsyncIterator[Claim]:
        """Hold the key for the block; an error releases it at once for the next attempt.

        Raises KeyInUse, Unavailable.
        """
        claim = await self.claim(account, key)
        try:
            yield claim
        except BaseException:
            await self.release(claim)
            raise

    async def renew(self, claim: Claim) -> None:
        """Show a sign of life, at most every quarter of the lease. Raises KeyInUse when it was too late."""
        if time.monotonic() - claim.renewed < self._lease / 4:
            return
        await self._set(claim, {"until": self._until()})
        claim.renewed = time.monotonic()

    async def store(self, claim: Claim, submission: Submission) -> None:
        """Note that the file is stored. Raises KeyInUse when another attempt took over, Unavailable."""
        fields = {
            "known": msgspec.to_builtins(submission),
            "video_id": claim.video_id,
            "until": self._until(),
        }
        await self._set(claim, fields)
        claim.submission = submission

    async def finish(self, claim: Claim) -> None:
        """Note that the event is in the log. Without it a repetition publishes the same event again."""
        await self._ended(claim, {"done": True})

    async def release(self, claim: Claim) -> None:
        """Let the next attempt in."""
        await self._ended(claim, {"until": 0.0})

    async def _ended(self, claim: Claim, fields: dict[str, Any]) -> None:
        await asyncio.wait({self._note_end(claim.id, claim.owner, {"until": 0.0} | fields)}, timeout=_WAIT)

    def _note_end(
        self, id_: str, owner: str, fields: dict[str, Any], *, may_come_late: bool = False
    ) -> asyncio.Task[None]:
        """Note the end of this owner's attempt as soon as the database answers, while its lease lasts.

        `may_come_late`: the claim itself may reach the database after this.
        """

        async def noting() -> None:
            mine, last = {"_id": id_, "owner": owner, "done": False}, time.monotonic() + self._lease
            while time.monotonic() < last:
                with suppress(PyMongoError):
                    noted = await self._keys.update_one(mine, {"$set": fields})
                    if noted.matched_count or not may_come_late:
                        return
                await asyncio.sleep(_AGAIN)

        task = asyncio.create_task(noting())
        self._ending.add(task)  # or nobody would hold it
        task.add_done_callback(self._ending.discard)
        return task

    async def _claim(self, id_: str, owner: str, account: str) -> Claim:
        job_id = new_id()
        new = {
            "_id": id_,
            "account": account,
            "owner": owner,
            "until": self._until(),
            "job_id": job_id,
            "video_id": job_id,
            "known": None,
            "done": False,
            "created": datetime.now(UTC),
        }
        forgotten = {"_id": id_, "created": {"$lt": datetime.now(UTC) - LIFE}}
        await self._keys.delete_one(forgotten)  # the database itself may take a minute, or not do it at all
        try:
            await self._keys.insert_one(new)
            return Claim(id=id_, owner=owner, job_id=job_id, video_id=job_id, renewed=time.monotonic())
        except DuplicateKeyError:
            found = await self._keys.find_one_and_update(
                {"_id": id_, "done": False, "until": {"$lt": time.time()}},
                {"$set": {"owner": owner, "until": self._until()}},
                return_document=ReturnDocument.AFTER,
            ) or await self._keys.find_one({"_id": id_, "done": True})
        if found is None:
            raise KeyInUse("an upload with this Idempotency-Key is still under way")
        submission = msgspec.convert(found["known"], Submission) if found["known"] else None
        return Claim(
            id=id_,
            owner=owner,
            job_id=found["job_id"],
            video_id=found["video_id"] if submission else new_id(),
            submission=submission,
            done=found["done"],
            renewed=time.monotonic(),
        )

    async def _set(self, claim: Claim, fields: dict[str, Any]) -> None:
        with translated("the idempotency keys"):
            result = await self._keys.update_one({"_id": claim.id, "owner": claim.owner}, {"$set": fields})
        if result.matched_count == 0:
            raise KeyInUse("another upload with this Idempotency-Key took over")

    def _until(self) -> float:
        return time.time() + self._lease
