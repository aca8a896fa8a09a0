"""The manifests against the Kubernetes API's own schemas, and the Dockerfile against its linter."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rendering import RENDERINGS, manifests

validate = pytest.importorskip("kubernetes_validate", reason="`just check-infra` installs it")
ROOT = Path(__file__).parents[3]
OTHERS = {"keda.sh/v1alpha1", "monitoring.coreos.com/v1"}
"""Of KEDA and Prometheus' operator, whose schemas no package carries."""
OLDEST, NEWEST = "1.30", ".".join(validate.__version__.split(".")[:2])


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_each_object_is_one_that_kubernetes_takes(version):
    objects = [each for path in (*RENDERINGS, "operator") for each in manifests(path).objects]
    distinct = {json.dumps(each): each for each in objects if each["apiVersion"] not in OTHERS}
    assert len(distinct) > 60
    for each in distinct.values():
        validate.validate(each, version, strict=True)


def test_the_dockerfile_has_nothing_that_its_linter_minds():
    hadolint = shutil.which("hadolint") or Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, ROOT / "infra/Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
