"""Every rendering of the manifests, for what holds for all."""

from collections.abc import Callable

import pytest
from kinds import Manifests
from rendering import RENDERINGS, manifests


@pytest.fixture(params=RENDERINGS)
def rendered(request: pytest.FixtureRequest) -> Manifests:
    return manifests(str(request.param))


@pytest.fixture
def render() -> Callable[[str], Manifests]:
    return manifests
