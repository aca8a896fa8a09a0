"""The workers that a command hears."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.system import workers
from events.log import heartbeats, transient
from events.log.heartbeats import Heartbeat

NOW = datetime(2026, 11, 30, tzinfo=UTC)


async def test_the_time_to_listen_begins_when_the_broker_lets_us(monkeypatch: pytest.MonkeyPatch) -> None:
    beat = Heartbeat(name="a", kind="converter", version="1", since=NOW, time=NOW, slots=1)

    async def slow(*_: Any, **__: Any) -> AsyncIterator[bytes | None]:
        await asyncio.sleep(0.2)
        yield None
        yield heartbeats._encoder.encode(beat)
        await asyncio.Event().wait()

    monkeypatch.setattr(transient, "feed", slow)
    monkeypatch.setattr(workers, "LISTENING", 0.1)
    assert await workers.alive("amqp://nowhere") == [beat]
