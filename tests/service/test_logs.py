import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

PROGRAM = """
import logging, warnings, sys
from datetime import UTC, datetime
import structlog
from service.logs import configure

early = structlog.get_logger()
log = configure("gateway", sys.argv[1])
log.debug("chatter")
log.info("job_uploaded", job_id="j1", bytes=7, at=datetime(2026, 1, 1, tzinfo=UTC), error=ValueError("no"))
with structlog.contextvars.bound_contextvars(trace_id="t1"):
    early.warning("slow", name="Küsnacht 🏔\\nsecond line")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("it_broke")
logging.getLogger("pika.adapters").warning("closed %s", "badly")
logging.getLogger("pika.adapters").info("chatter of a library")
warnings.warn("old ways")
"""


def lines(level: str) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, level], capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


@pytest.fixture(scope="module")
def info() -> list[dict[str, Any]]:
    return lines("info")


def test_every_line_is_one_json_object_with_the_promised_keys(info: list[dict[str, Any]]):
    assert len(info) == 5
    for line in info:
        assert {"timestamp", "level", "service", "event"} <= set(line)
        assert line["service"] == "gateway"
        age = datetime.now(UTC) - datetime.fromisoformat(line["timestamp"])
        assert timedelta(0) <= age < timedelta(minutes=5)


def test_keys_keep_their_values_and_what_is_not_json_becomes_text(info: list[dict[str, Any]]):
    told = info[0]
    assert (told["event"], told["level"], told["job_id"], told["bytes"]) == ("job_uploaded", "info", "j1", 7)
    assert (told["at"], told["error"]) == ("2026-01-01T00:00:00Z", "no")


def test_what_is_bound_to_the_context_is_on_its_lines_only(info: list[dict[str, Any]]):
    assert [line.get("trace_id") for line in info] == [None, "t1", None, None, None]
    assert info[1]["name"] == "Küsnacht 🏔\nsecond line"


def test_an_exception_is_told_on_its_own_line_with_its_traceback(info: list[dict[str, Any]]):
    assert info[2]["level"] == "error"
    assert "ZeroDivisionError: division by zero" in info[2]["exception"]


def test_warnings_of_libraries_and_of_python_join_the_log(info: list[dict[str, Any]]):
    assert (info[3]["event"], info[3]["logger"], info[3]["level"]) == (
        "closed badly",
        "pika.adapters",
        "warning",
    )
    assert "old ways" in info[4]["event"]


def test_the_level_is_a_threshold():
    assert [line["event"] for line in lines("ERROR")] == ["it_broke"]
    assert lines("DEBUG")[0]["event"] == "chatter"
