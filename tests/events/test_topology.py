"""What is declared, and that what is missing is named."""

import pytest

from events import topology

pytestmark = pytest.mark.servers


async def test_declaring_twice_leaves_nothing_missing(broker):
    await topology.declare(broker.url)
    await topology.declare(broker.url)
    assert await topology.missing(broker.url, broker.management_url) == ()


async def test_a_missing_binding_is_named(broker):
    await topology.declare(broker.url)
    await broker.unbind(topology.STREAM, "#")
    assert await topology.missing(broker.url, broker.management_url) == ("binding events -> events (#)",)


async def test_a_missing_exchange_is_named(broker):
    assert await topology.missing(broker.url, broker.management_url) == ("exchange events",)
