"""Fetches a file from its source into the reception, which keeps each byte that has come.

A source that breaks off is asked at once for the rest, as long as each answer brings a good deal. Else the
work is laid aside, and comes again later (see `work.py`), at this gateway or another one.
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

from msgspec import Struct

from events.log.progress import INTERVAL, Progress, ProgressSender
from events.types import ImportFailure
from gateway.errors import BodyTooLarge, OtherOffset, QuotaExceeded, UploadBusy
from gateway.files.reception import Piece, Reception
from gateway.http.bodies import Limit
from gateway.imports.answers import Anew
from gateway.imports.failures import ImportFailing, ImportStuck
from gateway.imports.names import is_media
from gateway.imports.records import ImportRecord, ImportRecords
from gateway.imports.sources import Offer, Sources
from gateway.quotas.door import Entrance
from service.http.patience import Pace, Patience

MOST_ANEW = 3
"""Times that a file may come anew from its first byte."""
WORTH_IT = 2**20
"""Bytes that an answer must have brought, or the source is left alone for a while when it breaks off."""


_EMPTY = "there is an empty file at this address"
_CHANGING = "the file changes at its source while it is fetched"
_BREAKING_OFF = "the source breaks off again and again, and cannot go on in the middle"


class TakenOver(Exception):
    """Another gateway fetches the file now, or it was called off."""


class Terms(Struct, frozen=True, kw_only=True):
    """The limits of a source: seconds in all, and the patience with it."""

    seconds: float
    patience: Patience


class Fetch:
    """Brings files here."""

    def __init__(
        self,
        records: ImportRecords,
        reception: Reception,
        sources: Sources,
        terms: Terms,
        *,
        entrance: Callable[[ImportRecord], Entrance],
        progress: ProgressSender,
    ) -> None:
        self._records, self._reception, self._sources, self._terms = records, reception, sources, terms
        self._entrance, self._progress = entrance, progress

    async def bring(self, record: ImportRecord) -> None:
        """Fetch all that is not here yet, and make a job of it.

        Raises ImportFailing, ImportStuck, TakenOver, UploadGone (it was called off), MaybeAccepted and
        Unavailable.
        """
        while not (await self._reception.stand(record.account, record.id)).is_job:
            found = await self._records.find(record.id)
            if found is None:
                continue  # it is a job by now, or nobody's
            record = found
            self._check_time(record)
            try:
                await self._ask(record)
            except Anew:
                await self._restart(record)
            except (OtherOffset, UploadBusy):
                raise TakenOver from None
            except BodyTooLarge as error:
                raise ImportFailing(ImportFailure.TOO_LARGE, str(error)) from error
            except QuotaExceeded as error:
                raise ImportFailing(ImportFailure.QUOTA, str(error)) from error
            except ImportStuck:
                if not await self._brought(record, WORTH_IT):
                    raise

    async def _ask(self, record: ImportRecord) -> None:
        """Ask the source once, and take in what it gives."""
        async with self._sources.asked(record) as offer:
            part = offer.part
            if part.offset == 0:
                _check_kind(offer)
                if record.offset or record.length is not None:
                    record = await self._restart(record)
            noted = await self._records.note(
                record, filename=offer.name, content_type=part.media_type, validator=part.validator
            )
            if noted is None:
                raise TakenOver
            piece = Piece(
                offset=part.offset,
                body=lambda limit: self._body(noted, offer, limit),
                announced=(part.length or part.offset) - part.offset,
                length=part.length,
            )
            entrance = self._entrance(noted)
            standing = await self._reception.receive(noted.account, noted.id, piece, entrance)
        if standing.offset == 0:
            raise ImportFailing(ImportFailure.NOT_MEDIA, _EMPTY)
        if standing.offset == part.offset:
            raise ImportStuck(ImportFailure.REFUSED, "the source gives nothing of the rest")
        if standing.length is None:  # only its end has told how long it is
            end = Piece(offset=standing.offset, body=_nothing, length=standing.offset)
            await self._reception.receive(noted.account, noted.id, end, entrance)

    async def _body(self, record: ImportRecord, offer: Offer, limit: Limit) -> AsyncIterator[bytes]:
        total, pace, told = 0, Pace(self._terms.patience), 0.0
        began = monotonic()
        async for piece in offer.pieces:
            total += len(piece)
            limit.check(total)
            if pace.is_too_slow(monotonic() - began, len(piece)):
                rate = f"less than {self._terms.patience.min_rate:g} bytes a second"
                raise ImportStuck(ImportFailure.TIMED_OUT, f"the source gives {rate}")
            self._check_time(record)
            yield piece
            if monotonic() - told >= INTERVAL:
                told = monotonic()
                await self._tell(record, offer.part.offset + total, offer.part.length)
            began = monotonic()

    async def _tell(self, record: ImportRecord, done: int, length: int | None) -> None:
        await self._progress.send(
            Progress(
                job_id=record.id,
                account=record.account,
                run=0,
                attempt=0,
                percent=100 * done / length if length else None,
                seconds_done=0.0,
                seconds_total=None,
                speed=None,
                time=datetime.now(UTC),
                bytes_done=done,
                bytes_total=length,
            )
        )

    def _check_time(self, record: ImportRecord) -> None:
        if datetime.now(UTC) > record.created + timedelta(seconds=self._terms.seconds):
            hours = f"{self._terms.seconds / 3600:.3g}"
            raise ImportFailing(ImportFailure.TIMED_OUT, f"it was not here within {hours} hours")

    async def _restart(self, record: ImportRecord) -> ImportRecord:
        """Return the record of a file that comes anew. Raises ImportFailing where it did so too often."""
        if record.generation >= MOST_ANEW:
            code = ImportFailure.CHANGED if record.validator else ImportFailure.UNREACHABLE
            raise ImportFailing(code, _CHANGING if record.validator else _BREAKING_OFF)
        await self._reception.restart(record)
        return await self._records.find(record.id) or record

    async def _brought(self, record: ImportRecord, least: int) -> bool:
        """Return True if so many bytes have come since."""
        now = await self._records.find(record.id)
        return now is not None and now.generation == record.generation and now.offset - record.offset >= least


def _check_kind(offer: Offer) -> None:
    """Raise ImportFailing if this is not what we take."""
    if not is_media(offer.part.media_type, offer.name):
        kind = offer.part.media_type.partition(";")[0]
        raise ImportFailing(
            ImportFailure.NOT_MEDIA,
            f"the address leads to {kind}, and not to sound or video: give that of the file itself",
        )
    if offer.part.length == 0:
        raise ImportFailing(ImportFailure.NOT_MEDIA, _EMPTY)


async def _nothing(_: Limit) -> AsyncIterator[bytes]:
    return
    yield b""
