"""The workers that are alive, by their heartbeats."""

import asyncio
from contextlib import aclosing, suppress

from events.log.heartbeats import INTERVAL, Heartbeat, heartbeat_feed

LISTENING = INTERVAL + 0.5
"""Seconds in which every worker is heard at least once."""


async def alive(url: str, seconds: float = LISTENING) -> list[Heartbeat]:
    """Listen for some seconds, and return the workers that were heard, by kind and name."""
    heard: dict[str, Heartbeat] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), aclosing(heartbeat_feed(url)) as beats:
            async for beat in beats:
                heard[beat.name] = beat
    return sorted((each for each in heard.values() if not each.last), key=lambda each: (each.kind, each.name))
