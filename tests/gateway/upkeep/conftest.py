"""The world of those who look after jobs: a log, views and blobs of the test's own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from tests.gateway.upkeep.world import World, world_of


@pytest.fixture
async def world(broker: Any, database: AsyncDatabase[Any]) -> AsyncIterator[World]:
    async with world_of(broker, database) as world:
        yield world
