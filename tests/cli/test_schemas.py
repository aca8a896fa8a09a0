"""The schemas of `--json`: each command has one, and all that a client of the API prints fits it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from cli.main import main
from cli.schemas import schema_of
from events.media import Media, Track
from events.schemas import pretty
from events.timing.pauses import Pause, Pauses, packed
from events.types import HookDelivered, JobProbed
from gateway.schemas import FILE, components
from tests.cli.hooks.test_hooks import URL, asked_for, tell
from tests.cli.json_lines import commands, prints_json
from tests.cli.person import FAILED, Person

PRINTING = {" ".join(path): command for path, command in commands() if prints_json(command)}
ELSEWHERE = (
    "account",
    "convert",
    "doctor",
    "login",
    "mail",
    "imports",
    "probe",
    "replay",
    "tail",
    "top",
    "watch",
    "whoami",
    "gateways",
    "status",
)
"""What asks no gateway for things of an account, or is tried with a stack of its own."""
ALSO = {
    "jobs show": "show",
    "jobs cancel": "cancel",
    "jobs retry": "retry",
    "jobs delete": "delete",
    "jobs download": "download",
    "jobs output": "output",
    "links create": "link",
}
"""The same command by another name."""


def test_the_answers_are_those_of_the_gateway() -> None:
    assert FILE.read_bytes() == pretty(components()), "write it by `python -m gateway.schemas --write`"


@pytest.mark.parametrize("name", PRINTING)
def test_each_command_that_prints_json_has_a_schema_that_stands_alone(name: str) -> None:
    schema = schema_of(PRINTING[name].output, name)
    Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    assert "/components/" not in text
    for each in references(schema):
        assert each.removeprefix("#/$defs/") in schema["$defs"]


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [each for item in node for each in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [each for item in node.values() for each in references(item)]


def test_a_schema_is_printed_by_the_words_of_its_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "jobs"]) == 0
    whole = json.loads(capfd.readouterr().out)
    assert whole["title"] == "tonearm jobs list --json"
    assert whole["$ref"] == "#/$defs/ListedJob"
    assert "Webhook" not in whole["$defs"], "only what it refers to"
    for words, code, said in (
        (["jbos"], 2, "did you mean jobs?"),
        (["links", "revok"], 2, "did you mean revoke?"),
        (["transcripts"], 2, "which command of transcripts? list, show"),
        (["transcripts", "show"], 4, "prints no JSON"),
    ):
        assert main(["schema", *words]) == code
        assert said in capfd.readouterr().err


async def test_all_that_a_client_prints_fits_its_schema(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Person.tonearm` holds each line of JSON against the schema of its command."""
    monkeypatch.chdir(tmp_path)
    run: set[str] = set()

    async def prints(name: str, *words: str, code: int = 0) -> Any:
        run.add(name)
        out, _ = await person.tonearm(*name.split(), *words, "--json", code=code)
        assert out, name
        return json.loads(out.splitlines()[0])

    talk, waits, fails = [await person.uploads(f"{name}.mp4") for name in ("talk", "waits", "fails")]
    sound = Track(index=0, codec="aac", profile="LC", language="en", default=True)
    probed = JobProbed(run=1, media=Media(container="mov", duration_seconds=30.0, tracks=(sound,)))
    await person.site.gateway.tell(talk, person.account_id, probed)
    found = packed(Pauses((Pause(0.0, 3.0), Pause(10.0, 13.0))))
    await person.site.gateway.convert(talk, person.account_id, b"audio", pauses=found, duration_seconds=30.0)
    await person.comes_to(talk, "converted")
    await person.comes_to(fails, "failed", FAILED)
    await prints("jobs list")
    await prints("jobs count")
    for each in (talk, waits, fails):
        await prints("show", each)
    await prints("jobs pauses", talk)
    await prints("jobs media", talk)
    await prints("download", talk)
    await prints("download", "--all", "--zip")
    await prints("jobs zip", talk, "-o", "one.zip")
    await prints("output", talk, "--format", "flac")
    await prints("cancel", waits)
    await prints("cancel", "--all")
    await prints("retry", fails)
    await prints("retry", "--all")

    link = await prints("link", talk)
    await prints("links list")
    await prints("links revoke", link["link_id"])
    feed = await prints("feeds create", "Talks")
    await prints("feeds list")
    await prints("feeds show", feed["feed_id"])
    await prints("feeds revoke", feed["feed_id"])
    (tmp_path / "own.vtt").write_text("WEBVTT\n\n00:00.100 --> 00:00.500\nHello\n")
    given = await prints("transcripts add", talk, "own.vtt")
    await prints("transcripts list", talk)
    await prints("transcripts delete", talk, given["transcript_id"])

    await prints("presets set", "Speech", "--format", "opus", "--title", "A talk")
    await prints("presets list")
    await prints("presets show", "Speech")
    await prints("presets default", "--format", "m4a")
    await prints("presets delete", "Speech")
    key = await prints("keys create", "camera")
    await prints("keys list")
    await prints("keys revoke", key["key_id"])
    sessions = msgspec.json.decode((await person.http.get("/sessions")).content)["items"]
    await prints("sessions list")
    await prints("sessions end", next(each["session_id"] for each in sessions if not each["current"]))
    await prints("preferences", "--mails", "none")
    await prints("usage")

    await hooks(person, prints)
    await prints("delete", fails)
    await prints("delete", "--all")
    await prints("show", fails, code=4)

    asked = {name for name in PRINTING if name.split()[0] not in (*ELSEWHERE, "preset")}
    assert {ALSO.get(name, name) for name in asked} == run


async def hooks(person: Person, prints: Any) -> None:
    """Run what is about webhooks. What the notifier would tell, the test tells."""
    hook = (await prints("hooks create", URL))["webhook_id"]
    await prints("hooks list")
    await prints("hooks secret", hook)
    for known, words in enumerate((["hooks test", hook], ["hooks resend", hook])):
        delivery = (
            [(await person.http.get(f"/webhooks/{hook}/deliveries")).json()["items"][0]["delivery_id"]]
            if known
            else []
        )
        typing = asyncio.create_task(prints(*words, *delivery))
        delivery_id = await asked_for(person, hook, known)
        await tell(person, hook, HookDelivered(delivery_id=delivery_id, attempt=1, status=204))
        await typing
    await prints("hooks deliveries", hook)
    await prints("hooks delete", hook)
