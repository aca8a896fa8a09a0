"""What the manifests come to, rendered as an operator would render them."""

import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from kinds import Manifests

ROOT = Path(__file__).parents[3]
OVERLAYS = ("minikube", "three-nodes", "production")


@cache
def manifests(path: str) -> Manifests:
    """The same, read."""
    return Manifests.read(kustomize(path))


@cache
def kustomize(path: str) -> str:
    """What `kubectl apply -k` would send. The test is skipped where neither program is installed."""
    if program := shutil.which("kustomize"):
        command = [program, "build"]
    elif program := shutil.which("kubectl"):
        command = [program, "kustomize"]
    else:
        pytest.skip("neither kustomize nor kubectl is here; `just check-infra` brings what these tests need")
    done = subprocess.run(
        [*command, str(ROOT / "infra/minikube" / path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=("base", *(f"overlays/{name}" for name in OVERLAYS)))
def rendered(request: pytest.FixtureRequest) -> Manifests:
    return manifests(str(request.param))


@pytest.fixture
def render() -> Callable[[str], Manifests]:
    return manifests
