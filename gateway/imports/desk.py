"""The desk at which imports are asked for, looked up and called off. Record, event, answer, in this order.

Without the event nobody fetches anything, and the record expires. The address is in the record only, sealed.
"""

import hashlib
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct

from events.envelope import fact
from events.errors import NotConfirmed
from events.ids import is_id, new_id
from events.log.publisher import Publisher
from events.types import ImportCancelled, ImportPayload, ImportRequested
from gateway.errors import (
    ImportsOff,
    KeyReused,
    MaybeAccepted,
    NoSuchImport,
    NoSuchJob,
    TooManyImports,
    WrongState,
)
from gateway.files.reception import Reception
from gateway.files.records import Asked, expiry
from gateway.http import trace_context
from gateway.imports.names import name_of
from gateway.imports.presentation import Import, ImportState, present, present_job
from gateway.imports.records import ImportRecord, ImportRecords
from gateway.imports.sources import Sources
from gateway.jobs.own_jobs import OwnJobs
from gateway.quotas.door import Entrance
from gateway.storage import Content
from gateway.uploads.idempotency import Claim, IdempotencyKeys, Submission
from gateway.uploads.intake import refuse_deleted
from gateway.uploads.media_types import ANY
from gateway.uploads.options import Wish
from service.outbound.urls import Target

MOST_OPEN = 20
"""Imports of an account that may wait or be under way."""
MOST_LISTED = 100


class Wanted(Struct, frozen=True, kw_only=True):
    """An import to begin: whose it is, what is fetched, and what becomes of it."""

    account: str
    roles: tuple[str, ...]
    target: Target
    wish: Wish
    entrance: Entrance


class ImportDesk:
    """The imports of all accounts."""

    def __init__(
        self,
        records: ImportRecords,
        reception: Reception,
        sources: Sources,
        keys: IdempotencyKeys,
        publisher: Publisher,
        *,
        own_jobs: OwnJobs,
        enabled: bool,
    ) -> None:
        self._records, self._reception, self.sources = records, reception, sources
        self._keys, self._publisher, self._own_jobs = keys, publisher, own_jobs
        self.enabled = enabled

    def check_enabled(self) -> None:
        """Raise ImportsOff where the operator has not switched imports on."""
        if not self.enabled:
            raise ImportsOff("this server fetches nothing: its operator has not set IMPORTS=on")

    async def request(self, wanted: Wanted, key: str | None) -> Import:
        """Return once the import is asked for in the log.

        Raises TooManyImports, QuotaExceeded, Crowded, KeyRefused, NoHandoverSecrets, MaybeAccepted and
        Unavailable.
        """
        if key is None:
            return await self._begin(wanted, new_id())
        async with self._keys.held(wanted.account, f"{key}\0import") as claim:
            return await self._claimed(wanted, claim)

    async def _claimed(self, wanted: Wanted, claim: Claim) -> Import:
        refuse_deleted(claim)
        asked = _submission(wanted)
        if claim.submission is None:
            await self._keys.store(claim, asked)
        elif claim.submission.content != asked.content or not claim.submission.asks_for(wanted.wish):
            raise KeyReused("this Idempotency-Key came with another address or other options; use a new key")
        if claim.done or await self._records.find(claim.job_id) is not None:
            if not claim.done:
                await self._publish(wanted.account, claim.job_id, ImportRequested())
            found = await self.find(wanted.account, claim.job_id)
        else:
            found = await self._begin(wanted, claim.job_id)
        await self._keys.finish(claim)
        return found

    async def _begin(self, wanted: Wanted, import_id: str) -> Import:
        if await self._records.open(wanted.account) >= MOST_OPEN:
            raise TooManyImports(f"{MOST_OPEN} imports of yours are not over yet; ask again when one is")
        name = _name(wanted.target)
        record = ImportRecord(
            id=import_id,
            account=wanted.account,
            roles=wanted.roles,
            created=datetime.now(UTC),
            expires=expiry(self._reception.life),
            name=name,
            address=self.sources.sealed(import_id, wanted.target),
            wish=Asked(
                filename=name,
                content_type=ANY,
                options=wanted.wish.options,
                given=dict(wanted.wish.given),
            ),
        )
        await self._reception.expect(record, wanted.entrance)
        await self._publish(wanted.account, import_id, ImportRequested())
        return present(record)

    async def find(self, account: str, import_id: str) -> Import:
        """Return an import as it stands now. Raises NoSuchImport, JobGone, Unavailable."""
        record = await self._found(account, import_id)
        if record is not None:
            return present(record)
        try:
            view = await self._own_jobs.get(account, import_id)
        except NoSuchJob:
            raise NoSuchImport("there is no import with this id") from None
        if view.video is None or not view.video.imported:
            raise NoSuchImport("there is no import with this id")
        return present_job(view)

    async def listed(self, account: str) -> list[Import]:
        """Return an account's imports that are no jobs, the newest first. Raises Unavailable."""
        return [present(each) for each in await self._records.listed(account, MOST_LISTED)]

    async def call_off(self, account: str, import_id: str, entrance: Entrance) -> None:
        """End an import; of one that has ended badly, forget it.

        Raises NoSuchImport, JobGone, WrongState where it is a job, NotConfirmed, Unavailable.
        """
        record = await self._found(account, import_id)
        if record is None:
            await self.find(account, import_id)
            raise WrongState("it is a job by now: delete that", state=ImportState.IMPORTED)
        if record.gone is None and not await self._reception.terminate(account, import_id, entrance):
            raise WrongState("it has just become a job: delete that", state=ImportState.IMPORTED)
        if record.gone in (None, "terminated"):
            await self._publish(account, import_id, ImportCancelled())
        if record.gone is not None:
            await self._records.remove(import_id)

    async def _found(self, account: str, import_id: str) -> ImportRecord | None:
        record = await self._records.find(import_id) if is_id(import_id) else None
        return record if record is not None and record.account == account else None

    async def _publish(self, account: str, import_id: str, payload: ImportPayload) -> None:
        made = partial(fact, subject=import_id, account=account, source="gateway")
        try:
            await self._publisher.publish(made(payload, traceparent=trace_context.current()))
        except NotConfirmed as error:
            if isinstance(payload, ImportCancelled):
                raise
            raise MaybeAccepted(
                f"the log did not confirm it: import {import_id} may or may not begin. Look in a while",
                job_id=import_id,
            ) from error


def _submission(wanted: Wanted) -> Submission:
    """Return what an Idempotency-Key belongs to: a hash of the address, and the options."""
    digest = hashlib.sha256(wanted.target.url.encode()).hexdigest()
    return Submission(
        filename="",
        content_type="",
        content=Content(bytes=0, sha256=digest),
        options=wanted.wish.options,
        given=dict(wanted.wish.given),
        imported=True,
    )


def _name(target: Target) -> str:
    return name_of(None, target.path)
