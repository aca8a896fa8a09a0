"""The declared topology, and the names of its missing parts."""

import pytest

from events.log import topology

pytestmark = pytest.mark.servers


async def test_declaring_twice_leaves_nothing_missing(broker):
    await topology.declare(broker.url)
    await topology.declare(broker.url)
    assert await topology.missing(broker.url, broker.management_url) == ()


async def test_a_missing_binding_is_named(broker):
    await topology.declare(broker.url)
    await broker.unbind(topology.STREAM, "#")
    assert await topology.missing(broker.url, broker.management_url) == ("binding events -> events (#)",)


async def test_a_broker_in_which_nothing_is_declared_lacks_every_binding(broker):
    missing = await topology.missing(broker.url, broker.management_url)
    assert len(missing) == len(topology.BINDINGS) + len(topology.WITHDRAWALS)
