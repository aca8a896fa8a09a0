import json
import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service import logs

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


FULL = """
import logging, os, sys
import structlog
from service.logs import configure

log = configure("gateway")
disk = os.dup(1)
os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
log.info("lost")
log.exception("lost, too")
structlog.get_logger().warning("lost as well")
logging.getLogger("granian").error("and this")
os.dup2(disk, 1)
log.info("heard", n=1)
log.info("heard", n=2)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_lines_that_cannot_be_written_are_lost_and_counted_and_their_work_goes_on():
    done = subprocess.run([sys.executable, "-c", FULL], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    heard = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["event"], each.get("count", each.get("n"))) for each in heard] == [
        ("log_lines_lost", 4),
        ("heard", 1),
        ("heard", 2),
    ]
    assert {"timestamp", "level", "service"} <= set(heard[0])


NOBODY_READS = """
import logging, os, sys
from service.logs import configure

log = configure("gateway")
os.close(0)
assert sys.stdin.buffer.raw
os.close(1)
log.info("closed")
logging.getLogger("granian").error("closed")
reading, writing = os.pipe()
os.dup2(writing, 1)
os.close(reading)
log.info("broken")
sys.stdout = None
configure("gateway").info("started without one")
sys.stderr.write("still here")
sys.stderr.flush()
os._exit(0)
"""


def test_a_log_that_nobody_reads_or_that_was_closed_is_no_reason_to_fail():
    done = subprocess.run([sys.executable, "-c", NOBODY_READS], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"still here")


class Mute:
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


@pytest.mark.parametrize("value", ["half a surrogate \udcff", 1 << 70, Mute(), {1: Mute()}, [Mute()]])
def test_whatever_a_line_tells_it_is_a_line(value: object, capsys: pytest.CaptureFixture[str]):
    log = logs.configure("gateway")
    try:
        log.info("odd", name=value, job_id="j1")
        logging.getLogger("library").error("%d", value)
    finally:
        logging.captureWarnings(False)
        logging.basicConfig(handlers=[], force=True)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["job_id"] for each in told if each["event"] == "odd"] == ["j1"]
    assert len(told) == 2
