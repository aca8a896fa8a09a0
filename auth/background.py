"""Tasks that run as long as the service: announcing what the log lacks, and removing what has expired."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog

from auth.accounts.accounts import Accounts
from auth.errors import DirectoryUnavailable
from auth.sessions.sessions import Sessions
from auth.stores.expiry import ExpiringStore

log = structlog.get_logger()

_ANNOUNCE_EVERY = 2.0
_SWEEP_EVERY = 300.0


async def keep_announced(
    accounts: Accounts, sessions: Sessions, *, ready: Callable[[], bool], reopened: asyncio.Event
) -> None:
    """Announce accounts and ends of sessions that the log lacks, for ever.

    Accounts are looked up each time the broker is back (`reopened`). Ends of sessions are looked up all the
    time: one may have been dropped among too many events, or by a broker that was back before anybody
    noticed.
    """
    while True:
        try:
            if ready():
                if reopened.is_set():
                    reopened.clear()  # before: the broker may go and come back meanwhile
                    try:
                        await accounts.announce_rest()
                    except BaseException:
                        reopened.set()
                        raise
                await sessions.announce_rest()
        except DirectoryUnavailable as error:
            log.warning("not_announced", error=str(error))
        except Exception as error:  # whatever it is, nobody else announces the rest
            log.warning("not_announced", error=repr(error))
        await asyncio.sleep(_ANNOUNCE_EVERY)


async def keep_swept(
    stores: Sequence[ExpiringStore],
    forget: Callable[[datetime], Awaitable[None]],
    clock: Callable[[], datetime],
) -> None:
    """Sweep the stores and call `forget`, every few minutes and for ever."""
    while True:
        try:
            for store in stores:
                await store.sweep(clock())
            await forget(clock())
        except DirectoryUnavailable as error:
            log.warning("not_swept", error=str(error))
        await asyncio.sleep(_SWEEP_EVERY)
