"""What the manifests come to, rendered as an operator would render them."""

import subprocess
from functools import cache
from pathlib import Path

import pytest
from kinds import Manifests

from infra.cluster.tools import renderer

ROOT = Path(__file__).parents[3]
RENDERINGS = ("base", "overlays/minikube", "overlays/three-nodes", "overlays/production")


@cache
def manifests(path: str) -> Manifests:
    """What `kubectl apply -k` would send. The test is skipped where neither program is installed."""
    command = renderer()
    if command is None:
        pytest.skip("neither kustomize nor kubectl is here; `just check-infra` brings what these tests need")
    done = subprocess.run(
        [*command, str(ROOT / "infra/minikube" / path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Manifests.read(done.stdout)
