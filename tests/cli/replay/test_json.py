"""Every line of every subcommand's `--json` is as its schema says."""

from collections import Counter

import pytest
from jsonschema import Draft202012Validator
from making import event, started, uploaded

from cli.replay.command import SUBCOMMANDS
from cli.schemas import schema_of
from events.types import FailureCode, JobFailed

pytestmark = pytest.mark.servers

LINES = {
    "show": ["show"],
    "play": ["play", "@-1", "--idle", "0"],
    "state": ["state", "j1", "j2"],
    "info": ["info", "--types"],
    "rebuild": ["rebuild", "--yes"],
    "verify": ["verify"],
    "diff": ["diff", "--job", "j1"],
    "usage": ["usage"],
    "effects": ["effects", "--grace", "0"],
    "requeue": ["requeue", "--all-failed"],
    "reconcile": ["reconcile"],
    "export": ["export", "{folder}/log.jsonl"],
    "import": ["import", "{folder}/log.jsonl", "--resume"],
}
"""A line of each, in an order in which each finds something. `reconvert` has a test of its own."""


async def test_every_line_of_json_is_as_its_schema_says(replay, tmp_path):
    failed = event(JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="no sound"), "j2")
    await replay.publish(uploaded("j1", "a\x1b[2J.mp4"), started("j1"), uploaded("j2"), failed)
    await replay.broker.put("events", b"\xff no event")
    told = Counter()
    for name, words in LINES.items():
        valid = Draft202012Validator(schema_of(SUBCOMMANDS[name].command(name).output, name))
        result = await replay(*(word.format(folder=tmp_path) for word in words), "--json")
        assert result.code in (0, 1), (name, result.err)
        for line in result.json:
            valid.validate(line)
            assert isinstance(line, dict)
            told[name] += 1
        if name == "effects":
            assert ["sums" in each for each in result.json][-2:] == [False, True]
    assert {name for name in LINES if not told[name]} == {"reconcile"}
    assert told["show"] == 5


def test_every_subcommand_has_a_schema():
    assert {*LINES, "reconvert"} == set(SUBCOMMANDS)
    for name, entry in SUBCOMMANDS.items():
        assert schema_of(entry.command(name).output, name)
