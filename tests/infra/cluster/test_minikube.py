"""`just minikube`, with programs of ours instead of minikube and kubectl, which note what they are told."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$*" in
    *"get secret"*"-o json") cat "$CALLS.json" ;;
    *"get secret"*) test -e "$CALLS.secrets" ;;
    *status) test -e "$CALLS.started" ;;
    *" start "*) touch "$CALLS.started" ;;
    *"apply -f -") cat > "$CALLS.secrets" ;;
    *ip) echo 192.0.2.7 ;;
    *"rollout status $FAILS "*) exit 1 ;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    for name in ("minikube", "kubectl"):
        (tmp_path / name).write_text(PROGRAM)
        (tmp_path / name).chmod(0o755)
    return tmp_path / "calls"


def minikube(
    calls: Path, *, fails: str = "-", path: str = "/usr/bin:/bin"
) -> "subprocess.CompletedProcess[str]":
    calls.unlink(missing_ok=True)
    environment = {"PATH": f"{calls.parent}:{path}", "CALLS": str(calls), "FAILS": fails}
    command = [sys.executable, "-m", "infra.cluster.minikube"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_it_starts_builds_makes_secrets_applies_and_says_how_to_get_in(calls):
    done = minikube(calls)
    assert done.returncode == 0, done.stderr
    told = calls.read_text()
    steps = [
        "start",
        "image build",
        "namespace.yaml",
        "apply -f -",
        "apply -k",
        "rollout status",
        "minikube ip",
    ]
    places = [told.index(step.replace("minikube ip", " ip")) for step in steps]
    assert places == sorted(places)
    assert "\n192.0.2.7 mp3converter.com rabbitmqmanager.com\n" in done.stdout


def kept(calls: Path, **changed: list[object]) -> Path:
    """The secret `rabbitmq` that was applied as the cluster gives it, its definitions changed; its file."""
    items = json.loads(Path(f"{calls}.secrets").read_text())["items"]
    (secret,) = [each for each in items if each["metadata"]["name"] == "rabbitmq"]
    fields = secret.pop("stringData")
    fields["definitions.json"] = json.dumps(json.loads(fields["definitions.json"]) | changed)
    secret["data"] = {name: base64.b64encode(value.encode()).decode() for name, value in fields.items()}
    file = Path(f"{calls}.json")
    file.write_text(json.dumps(secret))
    return file


def test_a_second_time_nothing_is_started_and_no_secret_is_made_anew(calls):
    minikube(calls)
    kept(calls)
    secrets = Path(f"{calls}.secrets").read_text()
    done = minikube(calls)
    assert done.returncode == 0, done.stderr
    assert " start " not in calls.read_text()
    assert "rollout restart" not in calls.read_text()
    assert Path(f"{calls}.secrets").read_text() == secrets


def test_after_an_upgrade_the_broker_gets_its_new_queues_and_keeps_its_passwords(calls):
    minikube(calls)
    old = json.loads(kept(calls, queues=[]).read_text())["data"]
    done = minikube(calls)
    assert done.returncode == 0, done.stderr
    assert "rollout restart statefulset/rabbitmq" in calls.read_text()
    new = json.loads(Path(f"{calls}.secrets").read_text())["data"]
    before, after = (json.loads(base64.b64decode(data.pop("definitions.json"))) for data in (old, new))
    assert (new, after["users"]) == (old, before["users"])
    assert {"video", "letters"} <= {queue["name"] for queue in after["queues"]}


def test_no_secret_is_printed(calls):
    done = minikube(calls)
    assert "stringData" not in done.stdout + done.stderr + calls.read_text()


def test_it_stops_at_the_first_step_that_fails_and_names_it(calls):
    done = minikube(calls, fails="deployment/auth")
    assert done.returncode == 1
    assert "deployment/auth" in done.stderr.splitlines()[-1]


def test_it_says_what_is_not_installed(calls, tmp_path):
    for name in ("minikube", "kubectl"):
        (tmp_path / name).unlink()
    done = minikube(calls, path="")
    assert done.returncode == 3
    assert "https://minikube.sigs.k8s.io" in done.stderr
