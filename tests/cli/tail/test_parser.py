import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.tail.parser import parse_event, parse_line
from cli.tail.record import Kind, Level
from events import envelope
from events.ids import new_id
from events.types import FailureCode, JobFailed

BEFORE = datetime(2025, 1, 31, 12, tzinfo=UTC)
LINE = json.dumps(
    {
        "timestamp": "2025-01-31T13:00:00.25Z",
        "level": "error",
        "service": "auth",
        "event": "lost",
        "job_id": "j",
    }
)


def test_a_log_line_becomes_its_parts():
    record = parse_line(LINE, "file", BEFORE)
    assert record.kind is Kind.LINE
    assert record.time == datetime(2025, 1, 31, 13, 0, 0, 250_000, UTC)
    assert (record.source, record.event, record.level, record.fields) == (
        "auth",
        "lost",
        Level.ERROR,
        {"job_id": "j"},
    )


@pytest.mark.parametrize(
    ("prefix", "service"),
    [
        ("2025-01-31T12:30:00.123456789Z ", "auth"),
        ("[pod/auth-7d9/auth] ", "auth"),
        ("[pod/auth-7d9/auth] 2025-01-31T12:30:00Z ", "auth"),
        ("auth-1  | ", "auth"),
    ],
)
def test_what_kubectl_and_compose_put_before_a_line_is_taken_off(prefix, service):
    record = parse_line(prefix + LINE, "stdin", BEFORE)
    assert record.kind is Kind.LINE
    assert (record.source, record.fields) == (service, {"job_id": "j"})


def test_text_keeps_its_place_by_the_time_of_the_line_before_it():
    record = parse_line("Traceback (most recent call last):", "auth", BEFORE)
    assert (record.kind, record.time, record.source) == (Kind.TEXT, BEFORE, "auth")
    assert record.event == "Traceback (most recent call last):"


def test_text_that_begins_with_a_time_has_that_time():
    record = parse_line("2025-01-31 13:00:00.500000+01:00 [info] <0.230.0> started", "rabbitmq", BEFORE)
    assert record.time == BEFORE + timedelta(seconds=0.5)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "{}",
        "[1]",
        '{"event": 1}',
        '{"timestamp": 5}',
        '{"timestamp": "2025-01-31"}',
        '{"a": NaN}',
        "null",
        "{" * 9,
    ],
)
def test_strange_lines_are_shown_all_the_same(line):
    assert parse_line(line, "auth", BEFORE).time == BEFORE


@given(st.text())
def test_no_line_whatever_raises(line):
    assert parse_line(line, "auth", BEFORE).raw == line


@given(st.binary())
def test_no_body_whatever_raises(body):
    assert parse_event(7, body, BEFORE).fields["offset"] == 7


def test_an_event_is_shown_flat_with_its_offset_and_a_level():
    job = new_id()
    event = envelope.job_event(
        JobFailed(run=1, attempt=2, code=FailureCode.NO_AUDIO, message="There is no sound in it."),
        job_id=job,
        account="a",
        source="converter",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )
    record = parse_event(41, envelope.encode(event), BEFORE)
    assert (record.source, record.event, record.level) == ("log", "job.failed", Level.ERROR)
    wanted = {
        "offset": 41,
        "subject": job,
        "account": "a",
        "attempt": 2,
        "code": "no_audio",
        "event_id": event.id,
    }
    assert record.fields.items() >= wanted.items()
    assert record.fields["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_field_of_the_data_never_hides_one_of_the_envelope():
    event = {
        "specversion": "1.0",
        "id": "i",
        "type": "job.dreamt",
        "source": "s",
        "subject": "j",
        "account": "a",
    }
    data = {"subject": "other", "event": "e", "x": 1}
    body = json.dumps({**event, "time": "2025-01-31T12:00:00Z", "dataschema": "urn:x", "data": data})
    fields = parse_event(1, body.encode(), BEFORE).fields
    assert (fields["subject"], fields["data.subject"], fields["data.event"], fields["x"]) == (
        "j",
        "other",
        "e",
        1,
    )


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"ts": 1738328400.25, "level": "WARN", "msg": "m"}, Level.WARNING),  # zap
        ({"time": 1738328400250, "level": 40, "msg": "m", "v": 0}, Level.WARNING),  # pino
        ({"time": "2025-01-31T13:00:00.250Z", "level": 60, "msg": "m", "v": 0}, Level.CRITICAL),  # bunyan
        (
            {"@timestamp": "2025-01-31T13:00:00.250Z", "log.level": "error", "message": "m"},
            Level.ERROR,
        ),  # ECS
        ({"time": "2025-01-31T14:00:00.25+01:00", "level": "INFO", "msg": "m"}, Level.INFO),  # slog
        ({"timestamp": 1738328400.25, "level": 3, "short_message": "m"}, Level.ERROR),  # GELF
        ({"timestamp": "2025-01-31t13:00:00.25z", "severity": "NOTICE", "message": "m"}, Level.INFO),
        ({"ts": "1738328400250000000", "lvl": "E", "msg": "m"}, Level.ERROR),
        ({"timestamp": "2025-01-31T13:00:00.25Z", "levelname": "Warning", "message": "m"}, Level.WARNING),
    ],
)
def test_other_loggers_time_level_and_message_are_understood(fields, level):
    record = parse_line(json.dumps({**fields, "job_id": "j"}), "app", BEFORE)
    assert record.time == datetime(2025, 1, 31, 13, 0, 0, 250_000, UTC)
    assert (record.level, record.event, record.source) == (level, "m", "app")
    assert record.fields == {"job_id": "j", **({"v": 0} if "v" in fields else {})}


@pytest.mark.parametrize(
    "fields",
    [
        {"time": "soon", "level": "loud"},
        {"ts": 12.5},
        {"ts": 10**400},
        {"level": True},
        {"lvl": -1},
    ],
)
def test_what_is_no_time_or_level_stays_a_field(fields):
    record = parse_line(json.dumps(fields), "app", BEFORE)
    assert (record.time, record.level, record.fields) == (BEFORE, None, fields)


@pytest.mark.parametrize(
    "written",
    [
        "\ufeff" + LINE,  # as Windows saves a file
        "\0" * 5000 + LINE,  # a file that was cut while its writer went on
        "\x1b[36mauth-1  |\x1b[0m " + LINE,  # docker compose --ansi always
        LINE.replace('"j"', '"\x1b[1;31mj\x1b[0m"'),
    ],
)
def test_what_terminals_and_editors_leave_in_a_line_hides_nothing_of_it(written):
    record = parse_line(written, "file", BEFORE)
    assert (record.event, record.level, record.fields) == ("lost", Level.ERROR, {"job_id": "j"})
    assert record.raw == written


def test_bytes_that_are_no_text_do_not_hide_the_rest_and_are_not_lost():
    latin = LINE.replace('"j"', '"caf\xe9"').encode("latin-1").decode(errors="surrogateescape")
    record = parse_line(latin, "file", BEFORE)
    assert (record.event, record.fields) == ("lost", {"job_id": "caf\ufffd"})
    assert record.raw.encode(errors="surrogateescape").count(b"\xe9") == 1


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2025-01-31 13:00:00.5+01:00 [warning] <0.230.0> memory", Level.WARNING),
        ("2025/01/31 13:00:00 [error] 31#31: *1 open() failed", Level.ERROR),
        ("INFO:     127.0.0.1 - GET /", Level.INFO),
        ("2025-01-31 13:00:00,123 - root - CRITICAL - gone", Level.CRITICAL),
        ('time=2025-01-31T13:00:00Z level=warn msg="slow"', Level.WARNING),
        ("[Fri Jan 31 13:00:00 2025] [NOTICE] caught SIGTERM", Level.INFO),
        ("Traceback (most recent call last):", None),
        ("an error in words, or INFORMATION", None),
        ("x" * 120 + " ERROR", None),
    ],
)
def test_a_line_of_text_may_name_its_level_at_its_beginning(text, level):
    assert parse_line(text, "s", BEFORE).level is level


def test_a_line_of_pairs_is_understood_and_text_with_a_sign_of_equality_is_not():
    record = parse_line(
        r'ts=2025-01-31T13:00:00.25Z caller=main.go:1 level=warn msg="a \"b\" \d" n=5 url=/x?a=1', "s", BEFORE
    )
    assert record.time == datetime(2025, 1, 31, 13, 0, 0, 250_000, UTC)
    assert (record.event, record.level) == (r"a \"b\" \d", Level.WARNING)
    assert record.fields == {"caller": "main.go:1", "n": "5", "url": "/x?a=1"}
    for text in ("msg=alone", "a=1 b=2", "level=info and words", 'msg="open level=info', "x = level=1"):
        assert parse_line(text, "s", BEFORE).kind is Kind.TEXT
