import json
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cli.log.screen import Screen
from cli.tail.command import Line
from cli.tail.formats import NAMES, as_json, as_logfmt, brief, named, pretty
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
    again = parse_line(as_logfmt(record(event, fields, level=level)), "file", NOON)
    assert (again.kind, again.event, again.level, again.fields) == (Kind.LINE, event, level, fields)


@given(st.dictionaries(keys, st.one_of(st.text(), st.integers(0, 9), st.booleans(), st.none())), st.text())
def test_json_can_be_read_back_by_this_tool(fields, event):
    original = record(event, fields)
    again = parse_line(as_json(original), "other", NOON)
    assert msgspec.structs.replace(again, raw="") == original


@given(
    st.dictionaries(
        st.sampled_from(["timestamp", "level", "service", "event", "x"]), st.integers() | st.text()
    )
)
def test_every_line_of_json_is_as_its_schema_says(fields):
    read = parse_line(msgspec.json.encode(fields).decode(), "file", NOON)
    assert msgspec.json.decode(as_json(read), type=Line).event == read.event


hostile = st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Ll"]))


@given(hostile, hostile, hostile, st.sampled_from(Kind))
def test_no_control_character_of_a_log_reaches_the_terminal(event, key, value, kind):
    written = msgspec.structs.replace(record(event, {key: value}, kind=kind, source=event), raw=value)
    terminal = Screen(columns=lambda: 80)
    for name in (*NAMES, "{event} {service} {raw}"):
        text = named(name, terminal)(written)
        controls = {c for c in text if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0}
        assert controls <= {"\n", "\t"}
        assert "\u202e" not in text


@given(hostile)
def test_one_record_is_one_line_of_json_and_of_logfmt(value):
    written = record(value, {"x": value})
    assert len(as_json(written).splitlines()) == 1
    assert len(as_logfmt(written).splitlines()) == 1


def test_pretty_is_for_people():
    text = pretty(Screen())(record("job_converted", {"job_id": "j", "name": "a b", "audio": {"bytes": 5}}))
    assert (
        text == '2025-01-31T12:00:00.001Z INFO     gateway    job_converted job_id=j name="a b" audio.bytes=5'
    )


def test_pretty_shows_a_traceback_below_its_line():
    text = pretty(Screen())(record("failed", {"exception": "Traceback:\n  one\nError: x", "job_id": "j"}))
    head, *below = text.split("\n")
    assert head.endswith("failed job_id=j")
    assert [line.strip() for line in below] == ["exception:", "Traceback:", "one", "Error: x"]


def test_colour_is_there_only_when_asked_for():
    assert "\x1b[" not in pretty(Screen())(record())
    assert "\x1b[32m INFO" in pretty(Screen(colour=True))(record())


def test_what_ffmpeg_was_called_with_is_shown_to_who_asks():
    made = record("job.converted", {"bytes": 9, "arguments": ["-i", "x" * 3000]}, kind=Kind.EVENT)
    for name in ("pretty", "logfmt"):
        assert "x" * 3000 in named(name, Screen(), whole=True)(made)
        assert "bytes=9" in named(name, Screen())(made)
        assert "arguments" not in named(name, Screen())(made)
    line = record("job.converted", {"arguments": ["a line of a service's log"]})
    assert brief(as_logfmt)(line) == as_logfmt(line)


STORY = {"offset": 7, "subject": "01a22743-aaaa-7000-8000-000000000001", "account": "a", "bytes": 9}
IDS = {"event_id": "e", "trace_id": "t"}


def test_an_event_is_told_without_its_ids_unless_all_is_wanted():
    made = record("job.converted", STORY | IDS, kind=Kind.EVENT, source="log")
    assert "event_id" not in pretty(Screen())(made)
    assert "event_id=e trace_id=t" in named("wide", Screen())(made)
    assert "event_id=e" in named("pretty", Screen(), whole=True)(made)
    assert "event_id=e" in as_logfmt(made)


def test_the_short_format_is_for_narrow_terminals():
    made = record("job.failed", STORY | IDS, kind=Kind.EVENT, source="log", level=Level.ERROR)
    assert named("short", Screen())(made) == "12:00:00Z E log       job.failed 01a22743-aaaa bytes=9"
    assert named("short", Screen(columns=lambda: 40))(made) == "12:00:00Z E log       job.failed 01a227…"


def test_a_short_line_of_text_says_neither_its_time_nor_its_service_twice():
    read = parse_line("auth-1  | 2025-01-31 12:00:00.5+00:00 [warning] memory", "s", NOON)
    assert named("short", Screen())(read) == "12:00:00Z W auth-1    [warning] memory"


def test_raw_is_what_was_read_and_harmless_at_a_terminal():
    read = parse_line("caf\udce9 \x1b[2J", "s", NOON)
    assert named("raw", Screen())(read) == "caf\udce9 \x1b[2J"
    assert named("raw", Screen(columns=lambda: 80))(read) == "caf\\udce9 \\u001b[2J"


@given(st.dictionaries(keys, st.one_of(st.text(), st.integers(), st.booleans(), st.none())))
def test_a_template_never_ends_following_whatever_a_line_holds(fields):
    names = [*fields, "nowhere"]
    write = named(" ".join(f"{{{name}:>12.3f}}" for name in names), Screen())
    assert len(write(record(fields=fields))) >= 13 * len(names) - 1
    assert write(record()) == " ".join([" " * 12] * len(names))


def test_a_template_writes_times_as_it_is_told():
    text = r"{timestamp:%H:%M:%S}\t{level:<8}{service}|{event}|{audio[bytes]:,}"
    assert named(text, Screen())(record(fields={"audio": {"bytes": 5000}})) == (
        "12:00:00\tinfo    gateway|done|5,000"
    )
