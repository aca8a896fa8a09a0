import json
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cli.tail.formats import as_json, as_logfmt, brief, pretty
from cli.tail.parser import parse_line
from cli.tail.record import Kind, Level, Record

NOON = datetime(2025, 1, 31, 12, 0, 0, 1500, UTC)
keys = st.from_regex(r"[a-z_]{1,8}", fullmatch=True).filter(
    lambda key: key not in ("timestamp", "level", "service", "event")
)


def record(event="done", fields=None, *, kind=Kind.LINE, level=Level.INFO, source="gateway"):
    return Record(kind=kind, time=NOON, source=source, event=event, level=level, fields=fields or {})


def parse_logfmt(line):
    """The reader, written from the format's description alone."""
    pairs, position = {}, 0
    decoder = json.JSONDecoder()
    while position < len(line):
        key, _, rest = line[position:].partition("=")
        position += len(key) + 1
        if rest.startswith('"'):
            value, used = decoder.raw_decode(rest)
        else:
            value = rest.partition(" ")[0]
            used = len(value)
        pairs[key] = value
        position += used + 1
    return pairs


@given(st.dictionaries(keys, st.text()), st.text(), st.sampled_from([*Level, None]))
def test_logfmt_can_be_read_back(fields, event, level):
    pairs = parse_logfmt(as_logfmt(record(event, fields, level=level)))
    own = {"timestamp": "2025-01-31T12:00:00.001500Z", "service": "gateway", "event": event}
    if level:
        own["level"] = level.name.lower()
    assert pairs == {**own, **fields}


@given(st.dictionaries(keys, st.one_of(st.text(), st.integers(0, 9), st.booleans(), st.none())), st.text())
def test_json_can_be_read_back_by_this_tool(fields, event):
    original = record(event, fields)
    again = parse_line(as_json(original), "other", NOON)
    assert msgspec.structs.replace(again, raw="") == original


hostile = st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Ll"]))


@given(hostile, hostile, hostile, st.sampled_from(Kind))
def test_no_control_character_of_a_log_reaches_the_terminal(event, key, value, kind):
    written = record(event, {key: value}, kind=kind, source=event)
    for text in (pretty(False)(written), as_logfmt(written), as_json(written)):
        controls = {c for c in text if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0}
        assert controls <= {"\n", "\t"}
        assert "\u202e" not in text


@given(hostile)
def test_one_record_is_one_line_of_json_and_of_logfmt(value):
    written = record(value, {"x": value})
    assert len(as_json(written).splitlines()) == 1
    assert len(as_logfmt(written).splitlines()) == 1


def test_pretty_is_for_people():
    text = pretty(False)(record("job_converted", {"job_id": "j", "name": "a b", "audio": {"bytes": 5}}))
    assert (
        text == '2025-01-31T12:00:00.001Z INFO     gateway    job_converted job_id=j name="a b" audio.bytes=5'
    )


def test_pretty_shows_a_traceback_below_its_line():
    text = pretty(False)(record("failed", {"exception": "Traceback:\n  one\nError: x", "job_id": "j"}))
    head, *below = text.split("\n")
    assert head.endswith("failed job_id=j")
    assert [line.strip() for line in below] == ["exception:", "Traceback:", "one", "Error: x"]


def test_colour_is_there_only_when_asked_for():
    assert "\x1b[" not in pretty(False)(record())
    assert "\x1b[32mINFO" in pretty(True)(record())


def test_what_ffmpeg_was_called_with_is_shown_to_who_asks():
    made = record("job.converted", {"bytes": 9, "arguments": ["-i", "x" * 3000]}, kind=Kind.EVENT)
    for whole in (pretty(False), as_logfmt):
        assert "x" * 3000 in whole(made)
        assert "bytes=9" in brief(whole)(made)
        assert "arguments" not in brief(whole)(made)
    line = record("job.converted", {"arguments": ["a line of a service's log"]})
    assert brief(as_logfmt)(line) == as_logfmt(line)
