"""An event in a few words: of a job what its timeline says, of anything else what its data hold."""

from pathlib import Path

import msgspec
import pytest
from making import started

from cli.log.log import line
from cli.log.words import Words, words
from events.envelope import encode
from events.log.stream import RawRecord

GOLDEN = Path(__file__).parents[2] / "events" / "golden"


def told(body: bytes) -> Words:
    return words(line(RawRecord(7, 0.0, body)))


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_no_event_there_ever_was_is_told_as_damaged(path):
    assert not told(path.read_bytes()).note.startswith(("not an event", "invalid"))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("job.uploaded.v1", "uploaded"), ("job.started.v1", "converting"), ("job.probed.v1", "")],
)
def test_an_event_of_a_job_tells_the_state_that_it_brings(name, wanted):
    found = told((GOLDEN / f"{name}.json").read_bytes())
    assert (found.state, bool(found.note)) == (wanted, True)


def test_what_does_not_fit_is_told_as_it_is():
    misfit = msgspec.structs.replace(started("j1"), data=msgspec.Raw(b'{"run":"one"}'))
    unknown = msgspec.structs.replace(started("j1"), dataschema="urn:tonearm:event:job.started:7")
    assert told(encode(misfit)).note.startswith("invalid: ")
    assert told(encode(unknown)).note == "run 1, attempt 1, worker w"
    assert told(b"\xff").note.startswith("not an event: ")
