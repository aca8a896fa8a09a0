from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

from tests.workers.notifier.servers import Catcher, serving


@pytest.fixture
def catcher() -> Catcher:
    return Catcher()


@pytest.fixture
def plain(catcher: Catcher) -> Iterator[Controller]:
    with serving(catcher) as controller:
        yield controller
