from collections.abc import AsyncIterator

import pytest
from servers.rogue import Rogue


@pytest.fixture
async def rogue() -> AsyncIterator[Rogue]:
    async with Rogue().listening() as server:
        yield server
