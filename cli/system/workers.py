"""The workers that are alive, by their heartbeats, and in lines for people."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime

from cli.pretty import clock, visible
from events.log.heartbeats import INTERVAL, Heartbeat, Occupation, heartbeat_feed

LISTENING = INTERVAL + 0.5
"""Seconds in which every worker is heard at least once."""
_REACH = 5.0
"""Seconds for the broker to let us listen: it may be busy."""


async def alive(url: str, *, enough: int = 0) -> list[Heartbeat]:
    """Listen for some seconds, or until `enough` workers were heard. Returns them by kind and name."""
    heard: dict[str, Heartbeat] = {}
    listens, now = False, asyncio.get_running_loop().time
    with suppress(TimeoutError):
        async with asyncio.timeout(_REACH) as limit:

            def begin() -> None:
                nonlocal listens
                if not listens:
                    limit.reschedule(now() + LISTENING)
                listens = True

            async with aclosing(heartbeat_feed(url, begin)) as beats:
                async for beat in beats:
                    heard[beat.name] = beat
                    if enough and len(heard) >= enough:
                        break
    return sorted((each for each in heard.values() if not each.last), key=lambda each: (each.kind, each.name))


def lines_of_workers(found: Iterable[Heartbeat], now: datetime | None = None) -> Iterator[str]:
    """Yield a line for each worker: who it is, for how long it is there, and what it works on."""
    now = now or datetime.now(UTC)
    for each in found:
        works = ", ".join(_work(work, now) for work in each.working_on) or "idle"
        yield visible(f"{each.kind} {each.name} {each.version}, up for {_for(each.since, now)}: {works}")


def _work(work: Occupation, now: datetime) -> str:
    attempt = f" (attempt {work.attempt})" if work.attempt > 1 else ""
    return f"{work.subject}{attempt} for {_for(work.since, now)}"


def _for(since: datetime, now: datetime) -> str:
    return clock(max(0.0, (now - since).total_seconds()))
