"""Events about accounts, published without making people wait for a broker that is away.

Signing in needs the directory and the signing key, not the log, so it works while the broker is away. An
event is published in the background, and a caller waits at most `patience` seconds for the confirm; later
failures are logged. If the process dies meanwhile, a sign-in loses its line of history. A registration loses
nothing: the account stays marked as not announced, and is announced again, by the same event id, at the next
start and at its next sign-in.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import structlog

from events.envelope import Event, account_event
from events.types import AccountPayload

log = structlog.get_logger()

MOST_PENDING = 200
"""Events under way at once. More are dropped and logged, so an outage costs no memory."""


def event_of(
    account_id: str,
    payload: AccountPayload,
    time: datetime,
    occasion: str | None = None,
    *,
    source: str = "auth",
) -> Event:
    """Make an event of an account; `occasion` names it where its type asks for one."""
    return account_event(payload, account=account_id, source=source, occasion=occasion, time=time)


class Publishes(Protocol):
    """The part of `events.log.publisher.Publisher` that is needed here."""

    async def publish(self, event: Event) -> None:
        """Return once the event is confirmed."""
        ...


class Announcer:
    """Publishes events in the background."""

    def __init__(self, publisher: Publishes, *, patience: float = 1.0) -> None:
        """`patience` is the number of seconds that `publish` waits for the confirm."""
        self._publisher = publisher
        self._patience = patience
        self._pending: set[asyncio.Task[None]] = set()

    def publish_soon(self, event: Event, then: Callable[[], Awaitable[None]] | None = None) -> None:
        """Publish without waiting; `then` is called once the event is confirmed."""
        self._start(event, then)

    async def publish(self, event: Event, then: Callable[[], Awaitable[None]] | None = None) -> None:
        """Publish, and return when that is confirmed, has failed, or `patience` is over. Never raises."""
        if task := self._start(event, then):
            await asyncio.wait({task}, timeout=self._patience)

    async def close(self, grace: float = 1.5) -> None:
        """Give what is pending `grace` seconds, then let it go."""
        if not self._pending:
            return
        _, late = await asyncio.wait(self._pending, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            log.warning("events_given_up", count=len(late))

    def _start(self, event: Event, then: Callable[[], Awaitable[None]] | None) -> asyncio.Task[None] | None:
        if len(self._pending) >= MOST_PENDING:
            log.warning("event_dropped", event_id=event.id, type=event.type, account_id=event.account)
            return None
        task = asyncio.create_task(self._publish(event, then))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
        return task

    async def _publish(self, event: Event, then: Callable[[], Awaitable[None]] | None) -> None:
        try:
            await self._publisher.publish(event)
            if then:
                await then()
        except Exception as error:  # a caller could do no more than log it
            log.warning("event_not_confirmed", event_id=event.id, type=event.type, error=repr(error))
