"""Processes that are told to stop: the willing, and the ones that hang in every way we know."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

DEADLINE = 1.5
PATIENCE = 30
"""Only to end a test that has failed."""
PROGRAM = """
import asyncio, contextlib, os, sys, threading, time
from events.errors import TonearmError
from service.settings import Settings
from service.start import run_service, started

class Nothing(Settings, frozen=True):
    log_level: str = "INFO"
    password: str = "geheim"

async def cling():
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

async def run(settings, stop):
    started(settings)
    %s

run_service("hung", Nothing, run, stop_seconds=%s)
"""
HANGS = {
    "a busy loop": "while True: pass",
    "a blocking call": "time.sleep(3600)",
    "deaf to stop and cancellation": "await cling()",
    "a task that clings to its life": "task = asyncio.create_task(cling()); await stop.wait()",
    "a thread": "task = asyncio.create_task(asyncio.to_thread(time.sleep, 3600)); await stop.wait()",
}
PLACES = {
    "a busy loop": ("main_thread", "> run ("),
    "a blocking call": ("main_thread", "> run ("),
    "deaf to stop and cancellation": ("tasks", "> run > cling > sleep ("),
    "a task that clings to its life": ("tasks", "cling > sleep ("),
    "a thread": ("threads", "asyncio_0"),
}

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a service whose work this is; it has written its first line."""
    processes: list[subprocess.Popen[bytes]] = []

    def begin(work: str, deadline: float = DEADLINE) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", PROGRAM % (work, deadline)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
        processes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert b'"started"' in line
        assert b"geheim" not in line
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    """What it writes until it ends."""
    output, _ = process.communicate(timeout=PATIENCE)
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_obeys_ends_well(start: Start, number: signal.Signals) -> None:
    process = start("await stop.wait()", PATIENCE)
    process.send_signal(number)
    assert [line["event"] for line in told(process)] == ["stopped"]
    assert process.returncode == 0


@pytest.mark.parametrize("how", HANGS)
def test_who_does_not_obey_is_ended_at_the_deadline_and_says_where_it_hung(start: Start, how: str) -> None:
    process = start(HANGS[how])
    process.send_signal(signal.SIGTERM)
    last = told(process)[-1]
    assert process.returncode == -signal.SIGALRM
    assert last["event"] == "stop_overdue"
    where, place = PLACES[how]
    assert place in str(last[where])


def test_who_cannot_write_its_log_is_ended_too(start: Start) -> None:
    process = start("while True: os.write(1, bytes(65536))")
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == -signal.SIGALRM


@pytest.mark.parametrize(
    ("error", "texts"),
    [
        ("TonearmError('no way')", ["no way"]),
        ("ExceptionGroup('', [TonearmError('no way'), ValueError('nor there')])", ["no way", "nor there"]),
    ],
)
def test_who_cannot_go_on_says_why(start: Start, error: str, texts: list[str]) -> None:
    process = start(f"raise {error}")
    lines = told(process)
    assert [(line["event"], line["error"]) for line in lines] == [("cannot_go_on", text) for text in texts]
    assert process.returncode == 1


@pytest.mark.parametrize("service", ["auth", "gateway", "workers.converter", "workers.notifier"])
def test_a_service_stops_while_it_waits_for_its_servers(service: str, tmp_path: Any) -> None:
    nobody = "//guest:guest@127.0.0.1:1/"
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **{"RABBITMQ_URL": f"amqp:{nobody}", "STREAM_URL": f"rabbitmq-stream:{nobody}"},
        **{"MONGODB_URL": "mongodb://127.0.0.1:1/none", "SMTP_URL": "smtp://127.0.0.1:1"},
        **{"SERVICE_TOKEN": "none", "LOCAL_DIR": str(tmp_path), "WORK_DIR": str(tmp_path / "work")},
    }
    command = [sys.executable, "-m", service]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "started"
        process.terminate()
        assert told(process)[-1]["event"] == "stopped"
    assert process.returncode == 0
