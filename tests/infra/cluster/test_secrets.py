"""The secret `rabbitmq` of a cluster at work, brought to another version: nobody's password changes."""

import base64
import json
import os
import subprocess
import sys
from typing import Any

from infra.cluster.secrets import Wishes, made, renewed


def secret(definitions: str) -> dict[str, Any]:
    """As Kubernetes gives it."""
    fields = made(Wishes())["rabbitmq"] | {"definitions.json": definitions}
    data = {name: base64.b64encode(value.encode()).decode() for name, value in fields.items()}
    about = {"name": "rabbitmq", "namespace": "tonearm", "resourceVersion": "7"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": about, "type": "Opaque", "data": data}


def definitions(given: dict[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.cluster", "definitions", *options]
    return subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)


def test_newer_definitions_keep_users_and_their_passwords():
    old = json.loads(made(Wishes())["rabbitmq"]["definitions.json"])
    given = secret(json.dumps(old | {"queues": [], "permissions": []}))

    printed = json.loads(definitions(given, "--quorum").stdout)

    assert printed["metadata"] == {"name": "rabbitmq", "namespace": "tonearm"}
    new = json.loads(base64.b64decode(printed["data"].pop("definitions.json")))
    assert printed["data"].items() < given["data"].items()
    assert new["users"] == old["users"]
    assert new["permissions"] == old["permissions"]
    kinds = {each["name"]: each["arguments"]["x-queue-type"] for each in new["queues"]}
    assert (kinds["video"], kinds["events"]) == ("quorum", "stream")
    again = renewed(secret(json.dumps(new)))
    assert json.loads(base64.b64decode(again["data"]["definitions.json"])) == new, "they stay replicated"


def test_a_user_without_a_password_is_not_made_up():
    old = json.loads(made(Wishes())["rabbitmq"]["definitions.json"])
    without = [user for user in old["users"] if user["name"] != "notifier"]

    refused = definitions(secret(json.dumps(old | {"users": without})))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "no password yet: notifier" in refused.stderr
    assert definitions({"kind": "List"}).returncode == 1


def test_a_reader_that_goes_away_ends_it_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "infra.cluster", "secrets"]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, "")
