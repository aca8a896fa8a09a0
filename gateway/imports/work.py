"""The work in the queue `imports`: each message is an import that somebody asked for.

Its good end is `job.uploaded`, which the reception publishes. A bad end is first noted in the record, and
then published as the answer to the message. So a message that comes again, after a crash in between, has the
same answer.

One account has half of the slots at most: sources that let it wait for hours do not hold up those of others.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog

from events.envelope import Event, consequence
from events.errors import Unavailable
from events.types import ImportCancelled, ImportFailed, ImportFailure
from events.work.task import NotYet, Pace, Work
from gateway.errors import NoSuchUpload, UploadGone
from gateway.files.reception import Reception
from gateway.imports.failures import ImportFailing, ImportStuck, ImportTrouble
from gateway.imports.fetch import Fetch, TakenOver
from gateway.imports.records import ImportRecord, ImportRecords, Mishap
from gateway.quotas.door import Entrance

log = structlog.get_logger()

EXPIRED = Mishap(code=ImportFailure.TIMED_OUT, message="nothing came of it for too long")
GAVE_UP = Mishap(code=ImportFailure.INTERNAL, message="this server could not fetch it; the fault is ours")


class ImportHandler:
    """Takes imports as they come (a `Handler`)."""

    def __init__(
        self,
        records: ImportRecords,
        reception: Reception,
        fetch: Fetch,
        pace: Pace,
        *,
        entrance: Callable[[ImportRecord], Entrance],
    ) -> None:
        self._records, self._reception, self._fetch, self._pace = records, reception, fetch, pace
        self._entrance = entrance
        self._share, self._under_way = max(1, pace.slots // 2), Counter[str]()
        self._closing: set[asyncio.Task[None]] = set()

    async def handle(self, work: Work) -> Event | None:
        """Fetch what is not here yet. None: it is a job, nobody's, or another gateway fetches it.

        Raises NotYet while the account has its share under way, ImportStuck.
        """
        account = work.event.account
        if self._under_way[account] >= self._share:
            raise NotYet("the account has its share of imports under way")
        self._under_way[account] += 1
        try:
            return await self._fetched(work)
        finally:
            self._under_way[account] -= 1
            self._under_way += Counter()  # without those that have none

    async def _fetched(self, work: Work) -> Event | None:
        record = await self._records.find(work.event.subject)
        if record is None:
            return None
        if record.gone is None:
            try:
                await self._fetch.bring(record)
            except (TakenOver, NoSuchUpload):
                pass  # its record says whether it was called off
            except UploadGone:  # it was called off, or has expired and nobody has swept it away yet
                await self._reception.give_up(record.id, self._entrance(record), "expired")
            except ImportStuck as error:
                if work.attempt <= len(self._pace.delays):
                    await self._records.note_trouble(record.id, str(error))
                    raise
                return await self._fail(work, record, _failure(error))
            except ImportFailing as error:
                return await self._fail(work, record, _failure(error))
            record = await self._records.find(record.id)
            if record is not None and record.gone is not None:  # what was on its way then is here by now
                await self._reception.empty(record.id, self._entrance(record))
        return None if record is None else _end(work, record)

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Return None: the record has the reason for the wait."""
        return None

    def gave_up(self, work: Work, error: Exception) -> Event:
        """Return the end of an import that met trouble of ours too often. Its record is closed meanwhile."""
        closing = asyncio.create_task(self._close(work))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return _failed(work, GAVE_UP)

    async def _fail(self, work: Work, record: ImportRecord, failure: Mishap) -> Event | None:
        """Close a record and return the event of that; of the end that it had before, if it had one."""
        why = {"failure": {"code": failure.code.value, "message": failure.message}}
        if await self._reception.give_up(record.id, self._entrance(record), "failed", why):
            log.info("import_failed", code=failure.code)
            return _failed(work, failure)
        now = await self._records.find(record.id)
        return None if now is None else _end(work, now)

    async def _close(self, work: Work) -> None:
        try:
            if (record := await self._records.find(work.event.subject)) is not None:
                await self._fail(work, record, GAVE_UP)
        except Unavailable as error:  # then it expires
            log.warning("import_not_closed", error=str(error))


def _failure(error: ImportTrouble) -> Mishap:
    return Mishap(code=error.code, message=str(error))


def _end(work: Work, record: ImportRecord) -> Event | None:
    """Return the event that an import ended with, by its record; None if it has none that is bad."""
    match record.gone:
        case "terminated":
            return consequence(work.event, ImportCancelled(), source="gateway")
        case "failed":
            return _failed(work, record.failure or GAVE_UP)
        case "expired":
            return _failed(work, EXPIRED)
        case None:
            return None


def _failed(work: Work, failure: Mishap) -> Event:
    return consequence(work.event, ImportFailed(code=failure.code, message=failure.message), source="gateway")
