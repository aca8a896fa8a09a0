"""Takes in files piece by piece, and makes a job of each as soon as it is whole."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import structlog
from msgspec import Struct

from events.errors import TonearmError, Unavailable
from events.ids import is_id, new_id
from events.tasks import cancelled
from gateway.errors import (
    BadUploadHeader,
    BodyTooLarge,
    NoSuchJob,
    NoSuchUpload,
    OtherOffset,
    UploadBusy,
    UploadGone,
)
from gateway.files.checksums import Checksum
from gateway.files.hashes import Hashes
from gateway.files.records import NOTHING, Asked, Gone, Record, Records, expiry
from gateway.files.writer import Fenced, PieceWriter
from gateway.http.bodies import Limit
from gateway.jobs.own_jobs import OwnJobs
from gateway.quotas.door import Admission, Entrance
from gateway.storage import Bucket, Content
from gateway.uploads.idempotency import Submission
from gateway.uploads.intake import Intake

log = structlog.get_logger()

DRAINED_WITHIN = 2.0
"""Seconds for which HEAD waits for a writer to store what it has and to end. Then it is shut out."""
_LOOK_AGAIN = 0.05
_GONE = {
    "expired": "nothing came for too long, so this upload has expired; begin a new one",
    "terminated": "this upload was terminated; begin a new one",
    "failed": "this upload has failed; begin a new one",
}
_NO_MORE = "{} bytes of this upload are still to come, and no more"
_TICK = 0.5
"""Seconds between two looks of a writer whether bytes still come, and whether it is still the writer."""
_STOP_WITHIN = 0.8
"""Seconds that an interrupted writer takes to store what has come."""

Body = Callable[[Limit], AsyncIterator[bytes]]
"""Reads a request's body, once, as far as the limit allows."""


class Piece(Struct, frozen=True, kw_only=True):
    """The next bytes of a file. `announced`: their number, 0 if it is not known; `length`: of the whole file,
    where the client did not know it before.
    """

    offset: int
    body: Body
    announced: int = 0
    length: int | None = None
    checksum: Checksum | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """The progress of an upload. `expires`: None once it is a job. `metadata`: the header, as it came."""

    upload_id: str
    offset: int
    length: int | None
    expires: datetime | None = None
    metadata: str = ""

    @property
    def is_job(self) -> bool:
        """True once every byte is here, and the job is in the log."""
        return self.expires is None


class Reception:
    """Creates uploads, takes in their pieces, and reports how far they are."""

    def __init__(
        self,
        records: Records[Record],
        videos: Bucket,
        intake: Intake,
        own_jobs: OwnJobs,
        *,
        most: int,
        life: float,
        accepted: Callable[[int, float], None] = lambda size, seconds: None,
        imported: bool = False,
    ) -> None:
        """`most`: bytes that a file may have; `life`: seconds without a byte until an upload expires.

        `imported`: nobody sends the files, they are fetched. `accepted` receives each job that is made: its
        bytes, and the seconds that it took.
        """
        self._records, self._videos, self._intake, self._own_jobs = records, videos, intake, own_jobs
        self.most, self.life, self._accepted, self._imported = most, life, accepted, imported
        self._hashes = Hashes()
        self._accepting: dict[str, asyncio.Task[Standing]] = {}

    async def create(
        self, account: str, asked: Asked, length: int | None, entrance: Entrance, piece: Piece | None = None
    ) -> Standing:
        """Begin an upload, with its first bytes where they come with it. One without bytes is whole at once.

        Raises BodyTooLarge, QuotaExceeded, Crowded, MaybeAccepted, Unavailable; and of the first bytes, what
        `receive` does. An error on their way leaves nothing behind.
        """
        self._check_size(length)
        if piece is not None:
            self._room(length, 0).check(piece.announced)
        record = Record(id=new_id(), account=account, expires=expiry(self.life), wish=asked, length=length)
        await self.expect(record, entrance)
        if piece is not None:
            return await self.fill(account, record.id, piece, entrance)
        return await self.accept(record) if record.is_whole else _standing(record)

    async def expect(self, record: Record, entrance: Entrance) -> None:
        """Keep a place for a file, and its record. Raises QuotaExceeded, Crowded, Unavailable."""
        await entrance.reserve(record.id, size=record.length or 0, seconds=self.life)
        try:
            await self._records.add(record)
        except BaseException:
            await entrance.release(record.id)
            raise

    async def fill(self, account: str, upload_id: str, piece: Piece, entrance: Entrance) -> Standing:
        """Take in the first bytes of an upload whose address the client does not know yet.

        An error on their way leaves nothing behind. Raises what `receive` does.
        """
        try:
            await self._take_in(account, upload_id, piece, entrance)
        except BaseException:
            with suppress(TimeoutError, TonearmError):
                await asyncio.shield(asyncio.wait_for(self.give_up(upload_id, entrance), _STOP_WITHIN))
            raise
        return await self._outcome(account, upload_id)

    async def stand(self, account: str, upload_id: str) -> Standing:
        """Return how far an upload is, and shut out whoever still writes to it.

        An upload whose last byte is here becomes a job now, if it could not before. Raises NoSuchUpload,
        UploadGone, JobGone, MaybeAccepted, BlobDamaged, Unavailable.
        """
        found = await self._find(account, upload_id)
        if isinstance(found, Standing):
            return found
        until = monotonic() + DRAINED_WITHIN
        if found.is_written:
            await self._records.ask(upload_id)
        record: Record | None = found
        while record is not None and record.is_written and monotonic() < until:
            await asyncio.sleep(_LOOK_AGAIN)
            record = await self._records.find(upload_id)
        record = await self._records.fence(upload_id)
        if record is None:  # it has become a job meanwhile, or is gone
            return await self.stand(account, upload_id)
        return await self.accept(record) if record.is_whole else _standing(record)

    async def receive(self, account: str, upload_id: str, piece: Piece, entrance: Entrance) -> Standing:
        """Take in the next bytes of a file; the last ones make it a job.

        Raises what `stand` does, OtherOffset, UploadBusy, BadUploadHeader, ChecksumMismatch, UploadRefused,
        QuotaExceeded, ShuttingDown.
        """
        try:
            await self._take_in(account, upload_id, piece, entrance)
            return await self._outcome(account, upload_id)
        except UploadGone:
            await entrance.release(upload_id)  # it may have ended before its piece was let in
            raise

    async def _take_in(self, account: str, upload_id: str, piece: Piece, entrance: Entrance) -> None:
        """Store the next bytes of a file. No job is made of it here. Raises what `receive` does."""
        found = await self._find(account, upload_id)
        if piece.offset != found.offset:
            raise OtherOffset(found.offset)
        length = self._length(found, piece)
        limit = self._room(length, found.offset)
        limit.check(piece.announced)
        if isinstance(found, Standing):
            async for _ in piece.body(limit):
                pass  # there can be none
            return
        size = max(length or 0, found.offset + piece.announced)
        record = await self._records.begin(found, length=length, expires=expiry(self.life))
        if record is None:
            raise await self._refusal(account, upload_id, piece.offset)
        running = self._hashes.of(_hashed(record), record.offset)
        writer = PieceWriter(
            self._videos, self._records, record, running, checksum=piece.checksum, life=self.life
        )
        try:  # the writer lets the next one begin when its place at the door is at rest, and not before
            async with entrance.arriving(upload_id, size=size, seconds=self.life) as admission:
                await self._write(writer, piece, limit, admission)
        finally:
            with suppress(Unavailable):
                if (kept := await writer.end()) is not None:
                    self._hashes.keep(_hashed(record), kept)

    async def accept(self, record: Record) -> Standing:
        """Make a job of an upload that is whole.

        That may take a read of the whole file. Who asks meanwhile waits for the same read, and it goes on
        where nobody waits any more. Raises MaybeAccepted, BlobDamaged, Unavailable.
        """
        accepting = self._accepting.get(record.id)
        if accepting is None:
            accepting = self._accepting[record.id] = asyncio.create_task(self._make_job(record))
            accepting.add_done_callback(lambda _: self._accepting.pop(record.id))
        return await asyncio.shield(accepting)

    async def terminate(self, account: str, upload_id: str, entrance: Entrance) -> bool:
        """Remove an upload; False if it is a job.

        One of which every byte has come becomes a job first: another request may be about to make one of it.
        Raises NoSuchUpload, UploadGone, JobGone, MaybeAccepted, BlobDamaged, Unavailable.
        """
        while isinstance(found := await self._find(account, upload_id), Record):
            if found.is_whole:
                await self.accept(found)
                return False
            if await self._records.bury(upload_id, "terminated", as_of=found):
                await self.empty(upload_id, entrance)
                log.info("upload_terminated", upload_id=upload_id)
                return True
        return False

    async def restart(self, record: Record) -> None:
        """Let a file come anew from its first byte, if the upload still stands as `record` says.

        Raises Unavailable.
        """
        await self._records.restart(record)
        self._hashes.forget(_hashed(record))

    async def give_up(
        self,
        upload_id: str,
        entrance: Entrance,
        gone: Gone = "terminated",
        why: Mapping[str, Any] = NOTHING,
    ) -> bool:
        """Remove an upload, so that nobody makes a job of it; False if it is not there to be.

        `why`: see `Records.bury`. Raises Unavailable.
        """
        if not await self._records.bury(upload_id, gone, why=why):
            return False
        await self.empty(upload_id, entrance)
        return True

    async def empty(self, upload_id: str, entrance: Entrance) -> None:
        """Remove what has come of an upload that is gone, and give its room back. Raises Unavailable.

        What a writer has on its way then is not known here; once it has ended, this may be called again.
        """
        await self._videos.remove(upload_id, surely=False)
        await self._records.note_emptied(upload_id)
        await entrance.release(upload_id)

    async def _find(self, account: str, upload_id: str) -> Record | Standing:
        """Return the upload's record; how it stands, if it is a job. Raises what `stand` does."""
        record = await self._records.find(upload_id) if is_id(upload_id) else None
        if record is None or record.account != account:
            return await self._as_job(account, upload_id)
        is_late = record.expires < datetime.now(UTC) and not record.is_whole
        if record.gone is not None or is_late:
            raise UploadGone(_GONE[record.gone or "expired"])
        return record

    async def _as_job(self, account: str, upload_id: str) -> Standing:
        try:
            view = await self._own_jobs.get(account, upload_id)
        except NoSuchJob:
            raise NoSuchUpload("there is no upload with this id") from None
        size = view.video.bytes if view.video is not None else 0
        return Standing(upload_id=upload_id, offset=size, length=size)

    async def _outcome(self, account: str, upload_id: str) -> Standing:
        found = await self._find(account, upload_id)
        return await self.accept(found) if isinstance(found, Record) and found.is_whole else _standing(found)

    async def _make_job(self, record: Record) -> Standing:
        began, running = monotonic(), self._hashes.of(_hashed(record), record.offset)
        try:
            await running.read_on(self._videos, record.id, lambda: record.offset)
        finally:
            self._hashes.keep(_hashed(record), running)
        asked = record.wish
        assert asked is not None  # noqa: S101 - only what is gone has none
        submission = Submission(
            filename=asked.filename,
            content_type=asked.content_type,
            content=Content(bytes=record.offset, sha256=running.hexdigest()),
            options=asked.options,
            given=asked.given,
            imported=self._imported,
        )
        if await self._intake.accept_stored(record.account, record.id, submission) is not None:
            self._accepted(record.offset, monotonic() - began)
        with suppress(Unavailable):  # then the next request, or the sweep, removes it
            await self._records.remove(record.id)
        self._hashes.forget(_hashed(record))
        return Standing(upload_id=record.id, offset=record.offset, length=record.offset)

    async def _write(self, writer: PieceWriter, piece: Piece, limit: Limit, admission: Admission) -> None:
        """Store a piece. A writer that was shut out learns how the upload stands now, as from `receive`."""
        try:
            await writer.begin()
            await self._take(writer, piece.body(limit), admission)
            await writer.finish()
        except BaseException as error:
            if piece.checksum is None and not isinstance(error, Fenced):
                with suppress(TimeoutError, Fenced, TonearmError):
                    await asyncio.wait_for(writer.rest(is_idle=True), _STOP_WITHIN)
            if not isinstance(error, Fenced):
                raise
            raise OtherOffset((await self._find(writer.record.account, writer.record.id)).offset) from None

    async def _take(self, writer: PieceWriter, body: AsyncIterator[bytes], admission: Admission) -> None:
        """Hand the body to the writer, and look meanwhile whether it is still the one. Raises Fenced."""

        async def read() -> None:
            async for data in body:
                await admission.reach(writer.position + len(data))
                await writer.write(data)

        reading, watch = asyncio.create_task(read()), asyncio.create_task(_watch(writer))
        try:
            done, _ = await asyncio.wait({reading, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled([reading, watch])
        for each in done:
            each.result()

    async def _refusal(self, account: str, upload_id: str, offset: int) -> TonearmError:
        """Return why nobody may write to an upload at this place now."""
        now = await self._find(account, upload_id)
        if now.offset != offset:
            return OtherOffset(now.offset)
        return UploadBusy("another request brings bytes of this upload; ask by HEAD where to go on")

    def _length(self, found: Record | Standing, piece: Piece) -> int | None:
        """Return the file's length, as far as it is known. Raises BadUploadHeader, BodyTooLarge."""
        if piece.length is None or piece.length == found.length:
            return found.length
        if found.length is not None:
            raise BadUploadHeader(f"Upload-Length: it is {found.length}, and cannot be changed")
        if piece.length < found.offset:
            raise BadUploadHeader(f"Upload-Length: {found.offset} bytes have come already")
        self._check_size(piece.length)
        return piece.length

    def _room(self, length: int | None, offset: int) -> Limit:
        """Return how many bytes may come from this place on."""
        return Limit((self.most if length is None else length) - offset, words=_NO_MORE)

    def _check_size(self, length: int | None) -> None:
        if length is not None and length > self.most:
            raise BodyTooLarge(f"a file may have {self.most} bytes at most")


async def _watch(writer: PieceWriter) -> None:
    """Show that the writer lives, and use the moments in which nothing comes, until it has to end.

    Raises Fenced, Unavailable.
    """
    while not writer.record.asked:
        before = writer.position
        await asyncio.sleep(_TICK)
        await writer.rest(is_idle=writer.position == before)
    await writer.rest(is_idle=True)
    raise Fenced


def _hashed(record: Record) -> str:
    """Return by what the hash of these bytes is known: those of a file that came anew are others."""
    return f"{record.id}/{record.generation}"


def _standing(found: Record | Standing) -> Standing:
    if isinstance(found, Standing):
        return found
    return Standing(
        upload_id=found.id,
        offset=found.offset,
        length=found.length,
        expires=found.expires,
        metadata=found.wish.metadata if found.wish else "",
    )
