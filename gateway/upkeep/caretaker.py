"""The loop of the one gateway that holds the lease: it erases within moments, and sweeps now and then.

What the log asks for is done as soon as it is heard. What was not heard, as the process was not there or did
not hold the lease, is found in the stored views: a deleted job owes its erasure until they have `job.erased`.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from msgspec.structs import asdict

from events.envelope import Recorded
from events.errors import Unavailable
from events.mongodb_errors import translated
from events.projections.job_view import JobView
from events.tasks import cancelled
from events.types import (
    DeletionReason,
    JobAudioRemoved,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobTranscriptAdded,
    JobUploaded,
    JobVideoRemoved,
)
from events.views.leases import Lease
from events.views.selection import EVERY
from events.views.store import JobViews
from gateway.jobs.listing import page
from gateway.jobs.live import LiveJobs
from gateway.life.deletions import Deletions
from gateway.upkeep.erased_accounts import ErasedAccounts
from gateway.upkeep.eraser import Eraser
from gateway.upkeep.expiry import Expiries
from gateway.upkeep.sweeper import Sweeper
from gateway.upkeep.unfinished import UnfinishedUploads

log = structlog.get_logger()

_NEWS = frozenset(
    each.TYPE
    for each in (
        JobConverted,
        JobFailed,
        JobCancelled,
        JobDeleted,
        JobVideoRemoved,
        JobAudioRemoved,
        JobTranscriptAdded,
    )
)
MOST_HEARD = 10_000
"""Jobs that may wait to be looked at. The others are found in the views."""
LOOK_EVERY = 5.0
"""Seconds between two looks into the views for what was not heard."""
SETTLE_EVERY = 30.0
"""Seconds between two looks for uploads that are whole and no jobs."""
_AT_ONCE = 50
_TOGETHER = 8
"""Jobs whose files are erased at the same time."""
_PAUSE = 2.0
"""Seconds after trouble."""
BEHIND = 30.0
"""Seconds without a complete view of the log after which the lease is given back: another may have one."""
LET_OTHERS = 15.0
"""Seconds in which another has its chance then; whoever wants a lease asks every ten."""
_PAGE = 200

ForgetAccount = Callable[[str], Awaitable[None]]
"""Forgets what a store has of an account, by its id. May be asked twice. Raises Unavailable."""


class Caretaker:
    """Looks after the jobs of all accounts while it holds the lease."""

    def __init__(
        self,
        lease: Lease,
        views: JobViews,
        live: LiveJobs,
        *,
        deletions: Deletions,
        eraser: Eraser,
        accounts: ErasedAccounts,
        expiries: Expiries,
        sweeper: Sweeper,
        unfinished: Sequence[UnfinishedUploads],
        forget_account: Sequence[ForgetAccount] = (),
        interval: float,
    ) -> None:
        """`interval` is the time in seconds between two sweeps; the first comes after that time, too."""
        self._lease, self._views, self._live = lease, views, live
        self._deletions, self._eraser, self._accounts = deletions, eraser, accounts
        self._expiries, self._sweeper, self._unfinished = expiries, sweeper, unfinished
        self._forget_account, self._interval = forget_account, interval
        self._heard: deque[str] = deque()
        self._news = asyncio.Event()
        accounts.on_erased = self._news.set
        self.holds = False
        """True while the lease is this process's."""

    def hear(self, recorded: Recorded) -> None:
        """Take note of an event that may be followed by something to do."""
        event = recorded.event
        if not self.holds or len(self._heard) >= MOST_HEARD:
            return
        if event.type in _NEWS or (event.type == JobUploaded.TYPE and event.account in self._accounts):
            self._heard.append(event.subject)
            self._news.set()

    async def run(self) -> None:
        """Do this for ever; trouble is logged, and tried again."""
        while True:
            try:
                async with self._lease.held() as lost:
                    await self._hold(lost)
            except Unavailable as error:
                log.warning("upkeep_interrupted", error=str(error))
                await asyncio.sleep(_PAUSE)
            else:
                await asyncio.sleep(LET_OTHERS)

    async def _hold(self, lost: asyncio.Event) -> None:
        following = asyncio.create_task(self._accounts.run())
        losing = asyncio.create_task(self._wake_when(lost))
        settling = asyncio.create_task(self._settle())
        self.holds = True
        walk_at, sweep_at = time.monotonic(), time.monotonic() + self._interval
        give_up_at = time.monotonic() + BEHIND
        try:
            while not lost.is_set() and time.monotonic() < give_up_at:
                if await self._live.complete():
                    give_up_at = time.monotonic() + BEHIND
                    with translated("the storage"):
                        if time.monotonic() >= walk_at or self._expiries.wants_walk:
                            walk_at = time.monotonic() + self._interval
                            await self._expiries.walk(datetime.now(UTC))
                        await self._care()
                        if time.monotonic() >= sweep_at:
                            sweep_at = time.monotonic() + self._interval
                            await self._sweep()
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(LOOK_EVERY, self._interval)):
                        await self._news.wait()
                self._news.clear()
        finally:
            self.holds = False
            self._heard.clear()
            await cancelled([following, losing, settling])

    async def _wake_when(self, lost: asyncio.Event) -> None:
        await lost.wait()
        self._news.set()

    async def _settle(self) -> None:
        """Make jobs of whole uploads, beside all else: each may have to be read from its first byte."""
        while True:
            try:
                with translated("the storage"):
                    if await self._live.complete():
                        for each in self._unfinished:
                            await each.settle(datetime.now(UTC))
            except Unavailable as error:
                log.warning("uploads_not_settled", error=str(error))
            except Exception:  # nobody else would hear of it
                log.exception("settling_failed")
            await asyncio.sleep(min(SETTLE_EVERY, self._interval))

    async def _care(self) -> None:
        """Do what was heard, and what the views still owe. Raises Unavailable."""
        if await self._expiries.let_go(datetime.now(UTC)):
            self._news.set()
        owing = deque(await (await self._views.live()).owing(MOST_HEARD))
        while self._heard or owing:  # what is heard now does not wait behind thousands of old ones
            source = self._heard or owing
            some = [source.popleft() for _ in range(min(_AT_ONCE, len(source)))]
            await self._look_at(list((await self._live.views(some)).views.values()))
        for account in await self._accounts.open():
            await self._erase_account(account)

    async def _look_at(self, views: list[JobView]) -> None:
        self._expiries.consider(views, datetime.now(UTC))
        for view in views:
            if view.account in self._accounts and view.deletion is None:
                await self._accounts.reopen(view.account)
        gone = [view for view in views if view.deletion or view.video_removal or view.audio_removal]
        for at in range(0, len(gone), _TOGETHER):
            some = gone[at : at + _TOGETHER]
            ended = await asyncio.gather(*map(self._eraser.settle, some), return_exceptions=True)
            for view, error in zip(some, ended, strict=True):
                if isinstance(error, Unavailable):
                    raise error
                if error is not None:  # of one job: it must not keep the others from being erased
                    log.error("erasure_failed", job_id=view.job_id, exc_info=error)

    async def _erase_account(self, account: str) -> None:
        """Delete some jobs of an erased account; once there are none, what other stores have of it."""
        views, _ = await page(
            self._live, self._views, account=account, selection=EVERY, before=None, limit=_PAGE
        )
        if views:
            await self._deletions.delete_all(views, DeletionReason.ACCOUNT_ERASED)
            log.info("jobs_of_account_deleted", account_id=account, jobs=len(views))
            self._news.set()
            return
        for forget in self._forget_account:
            await forget(account)
        await self._accounts.done(account)
        log.info("account_forgotten", account_id=account)

    async def _sweep(self) -> None:
        swept = await self._sweeper.sweep()
        log.info("swept", **asdict(swept))
