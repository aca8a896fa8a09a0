"""Work that nobody wants any more: its run was cancelled, or its job deleted.

Each converter learns of that as it happens, by the exchange `withdrawn`. The feed can miss something, so the
views of all that is under way are looked at too: after each connection, and every few seconds. What was heard
is remembered, for work that still waits.

What was heard is not yet true. The broker may hand on an event that it never confirms, and that is in no
log. So work under way is stopped at once, and given up only when its view shows that it is over.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from events.envelope import decode
from events.errors import InvalidEvent, Unavailable
from events.log import topology
from events.log.transient import feed
from events.projections.job_view import SETTLED, JobView, State
from events.tasks import cancelled
from events.types import JobCancelled, JobDeleted
from workers.views import Views

log = structlog.get_logger()

_R = TypeVar("_R")
Run = tuple[str, int]
"""A job's id and one of its runs."""

_EVERY_RUN = 0
_REMEMBERED = 10_000
_LOOK_EVERY = 3.0
_PATIENCE = 30.0
"""Seconds that a view gets to say what was heard: projection takes milliseconds, or a gateway's start."""
_POLL = 0.1


class Withdrawn(Exception):
    """The work was stopped, as it seems to be wanted no more."""


def is_over(view: JobView, run: int) -> bool:
    """Return True if nobody waits for this run any more: it has ended, or a later one has begun."""
    if view.state is State.DELETED or view.run > run:
        return True
    return view.run == run and view.state in SETTLED


class Withdrawals:
    """Hears what is withdrawn, and stops the work on it."""

    def __init__(
        self, url: str, views: Views, *, patience: float = _PATIENCE, look_every: float = _LOOK_EVERY
    ) -> None:
        """`patience` is for a view to show what was heard, `look_every` between two looks; in seconds."""
        self._url, self._views = url, views
        self._patience, self._look_every = patience, look_every
        self._heard: OrderedDict[Run, None] = OrderedDict()
        self._under_way: dict[asyncio.Event, Run] = {}

    async def run(self) -> None:
        """Listen for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._look_again())

    async def unless_withdrawn(self, run: Run, work: Coroutine[Any, Any, _R]) -> _R:
        """Do the work. Raises Withdrawn when it was stopped: nothing of it is left at work then."""
        stop = asyncio.Event()
        working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
        self._under_way[stop] = run
        if self.was_heard(run):
            stop.set()
        try:
            await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._under_way[stop]
            await cancelled((working, stopping))
            failed = working.cancelled() or working.exception() is not None
        if failed and stop.is_set():
            raise Withdrawn
        return working.result()

    def was_heard(self, run: Run) -> bool:
        """Return True if the run was heard to be withdrawn."""
        return run in self._heard or (run[0], _EVERY_RUN) in self._heard

    async def settled(self, run: Run) -> bool:
        """Return True once the view shows that a run is over which was heard to be withdrawn.

        False when it does not in time; then the run counts as wanted again. Raises Unavailable.
        """
        deadline = asyncio.get_running_loop().time() + self._patience
        while self.was_heard(run):
            view = await self._views.get(run[0])
            if view is not None and is_over(view, run[1]):
                return True
            if asyncio.get_running_loop().time() > deadline:
                log.warning("withdrawal_not_in_the_log", job_id=run[0], run=run[1])
                self._heard.pop(run, None)
                self._heard.pop((run[0], _EVERY_RUN), None)
            await asyncio.sleep(_POLL)
        return False

    async def _listen(self) -> None:
        keys = topology.WITHDRAWALS
        async for body in feed(self._url, keys, name="withdrawals", exchange=topology.WITHDRAWN):
            if body is None:
                await self._look()
            else:
                self._hear(body)

    def _hear(self, body: bytes) -> None:
        try:
            event = decode(body)
            payload = event.payload()
        except InvalidEvent as error:
            log.error("withdrawal_unreadable", error=error.reason)
            return
        if isinstance(payload, JobCancelled | JobDeleted):
            number = payload.run if isinstance(payload, JobCancelled) else _EVERY_RUN
            self._remember((event.subject, number))

    def _remember(self, run: Run) -> None:
        self._heard[run] = None
        if len(self._heard) > _REMEMBERED:
            self._heard.popitem(last=False)
        for stop, each in self._under_way.items():
            if self.was_heard(each):
                stop.set()

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(self._look_every)
            await self._look()

    async def _look(self) -> None:
        """Stop what the views show to be over; what cannot be asked now is asked the next time."""
        for stop, (job_id, number) in list(self._under_way.items()):
            with suppress(Unavailable):
                view = await self._views.get(job_id)
                if view is not None and is_over(view, number):
                    stop.set()
