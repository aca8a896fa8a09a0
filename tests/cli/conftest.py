from collections.abc import Iterator

import pytest

from tests.cli.gateways import Gateway, gateway_serving
from tests.cli.person import person, site

__all__ = ["person", "site"]


@pytest.fixture
def server() -> Iterator[Gateway]:
    with gateway_serving() as gateway:
        yield gateway
