import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from events import schemas
from events.asyncapi import SENDS, WORKS, document, files
from events.log import topology
from events.registry import REGISTRY
from events.routing import type_of

DOCUMENT = document()
GOLDEN = sorted((Path(__file__).parent / "golden").iterdir())


def golden(path: Path) -> Any:
    return json.loads(path.read_bytes())


def refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from refs(child)


def target(ref: str) -> Any:
    found: Any = DOCUMENT
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_the_committed_files_are_what_the_structs_say():
    committed = {path.name: path.read_bytes() for path in schemas.FOLDER.glob("*.json")}
    assert committed == {name: schemas.pretty(content) for name, content in files().items()}, (
        "run: python -m events.asyncapi --write"
    )


def test_the_command_prints_the_document():
    printed = subprocess.run([sys.executable, "-m", "events.asyncapi"], capture_output=True, check=True)
    assert json.loads(printed.stdout) == json.loads(json.dumps(DOCUMENT))


def test_every_reference_leads_somewhere():
    assert all(target(ref) for ref in refs(DOCUMENT))


def test_an_operation_names_messages_of_its_own_channel_only():
    for name, operation in DOCUMENT["operations"].items():
        assert operation["action"] in ("send", "receive"), name
        channel = operation["channel"]["$ref"]
        assert channel.removeprefix("#/channels/") in DOCUMENT["channels"]
        for message in operation.get("messages", []):
            assert message["$ref"].startswith(f"{channel}/messages/"), name


def test_every_type_is_sent_by_somebody_and_every_version_is_in_the_log():
    assert {type_ for types in SENDS.values() for type_ in types} == set(REGISTRY.current)
    assert set(DOCUMENT["channels"]["log"]["messages"]) == {f"{t}.v{v}" for t, v in REGISTRY.shapes()}


def test_a_queue_carries_what_is_bound_to_it():
    assert {queue for queue, _ in topology.BINDINGS} == {topology.STREAM, *WORKS}
    for queue in WORKS:
        channel = DOCUMENT["channels"][queue]
        assert channel["address"] == channel["bindings"]["amqp"]["queue"]["name"] == queue
        types = {target(ref)["name"] for ref in refs(channel["messages"])}
        assert types == {type_of(key) for bound, key in topology.BINDINGS if bound == queue}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_event_fits_the_schema_of_its_message(path: Path):
    name = ".".join(path.name.split(".")[:3])
    message = {"$ref": f"#/components/messages/{name}/payload", "components": DOCUMENT["components"]}
    for validator in (Draft202012Validator, Draft7Validator):  # AsyncAPI's own schemas are draft 7
        validator(message).validate(golden(path))
        assert not validator(message).is_valid(golden(path) | {"specversion": "0.3"})
        assert not validator(message).is_valid(golden(path) | {"type": "job.admired"})
        assert not validator(message).is_valid(golden(path) | {"data": []})


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_events_data_fits_the_file_that_its_dataschema_names(path: Path):
    by_id = {schema["$id"]: schema for schema in schemas.documents().values()}
    schema = by_id[golden(path)["dataschema"]]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(golden(path)["data"])
    Draft202012Validator(by_id["urn:tonearm:envelope:1"]).validate(golden(path))
