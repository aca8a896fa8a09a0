import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from waiting import wait_for

from infra.local import ports, state
from tests.cli.json_lines import check

pytestmark = pytest.mark.system


class Tonearm:
    """The command `tonearm` with a stack directory and ports of the test's own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
            "LOCAL_DIR": str(directory),
            "GATEWAY_PORT": str(ports.free_port()),
            "AUTH_PORT": str(ports.free_port()),
            "CONVERTERS": "1",
        }

    async def __call__(self, *arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli.main", *arguments),
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    def pids(self) -> dict[str, int]:
        known = state.running(self.directory)
        return {part.name: part.pid for part in known.components if part.pid} if known else {}

    def ready(self) -> bool:
        known = state.running(self.directory)
        return known is not None and known.ready

    def log(self) -> list[Any]:
        return [json.loads(line) for line in (self.directory / "logs/stack.jsonl").read_text().splitlines()]


@pytest.fixture
async def tonearm(tmp_path: Path):
    command = Tonearm(tmp_path / "stack")
    yield command
    await command("down")


async def test_the_stack_starts_once_heals_itself_and_ends_without_a_trace(tonearm: Tonearm) -> None:
    code, said = await tonearm("up", "--detach")
    assert code == 0, said
    assert "gateway      ready" in said

    code, said = await tonearm("up", "--no-logs")
    assert code == 69
    assert "justw down" in said

    first = tonearm.pids()
    assert len(first) == 7
    os.kill(first["notifier"], signal.SIGKILL)
    await wait_for(
        lambda: tonearm.ready() and tonearm.pids()["notifier"] != first["notifier"],
        message="the notifier is there again",
    )
    code, said = await tonearm("status")
    assert "restarts: 1" in said
    assert "jobs         none" in said
    assert "waiting      nothing" in said
    assert "% full, " in said
    code, said = await tonearm("status", "--json")
    check(["status"], said)
    assert (json.loads(said)["ready"], "password" in said.lower()) == (True, False)

    async def told() -> str:
        """What is told at a moment at which the converter listens: it asks anew every ten seconds."""
        code, said = await tonearm("replay", "info")
        assert code == 0, said
        return said if "video                                   0   1 converter" in said else ""

    said = await wait_for(told)
    assert "job.uploaded → video" in said
    assert "topology: complete" in said

    pids = tonearm.pids()
    code, said = await tonearm("down")
    assert code == 0, said
    assert tonearm.log()[-1]["event"] == "stopped", "it came to its end before `down` lost patience"
    assert [name for name, pid in pids.items() if state.identity(pid)] == []
    assert (await tonearm("status"))[0] == 69


@pytest.mark.long
async def test_a_killed_stack_leaves_nothing_running_and_the_next_finds_its_data(tonearm: Tonearm) -> None:
    tonearm.environment["LOG_LEVEL"] = "ERROR"  # must not keep anybody from being seen to be ready
    code, said = await tonearm("up", "-d")
    assert code == 0, said
    pids = tonearm.pids()
    account = {"email": "someone@example.org", "password": "correct horse battery"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{tonearm.environment['GATEWAY_PORT']}"
    ) as client:
        assert (await client.post("/register", json=account)).status_code == 201

    supervisor = state.holder(tonearm.directory)
    assert supervisor
    os.kill(supervisor, signal.SIGKILL)
    await wait_for(lambda: not {name for name, pid in pids.items() if state.identity(pid)})

    code, said = await tonearm("up", "-d")
    assert code == 0, said
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{tonearm.environment['GATEWAY_PORT']}"
    ) as client:
        assert (await client.post("/login", json=account)).status_code == 200


async def test_a_failed_start_says_why_and_stops_what_it_had_started(tonearm: Tonearm) -> None:
    tonearm.environment["ADMIN_EMAIL"], tonearm.environment["ADMIN_PASSWORD"] = "not an address", "x"
    code, said = await tonearm("up", "-d")
    assert code == 69
    assert "auth ended with code" in said
    assert "ADMIN_EMAIL" in said
    assert state.holder(tonearm.directory) is None
    lines = tonearm.log()
    assert [line for line in lines if line["event"] == "not_started" and "ADMIN_EMAIL" in line["error"]]
    assert lines[-1]["event"] == "stopped"


async def test_in_the_foreground_the_services_speak_and_ctrl_c_is_a_good_end(tonearm: Tonearm) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "up"),
        env=tonearm.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = b""
    while b"Tonearm is ready" not in said or b"projecting" not in said:
        said += (piece := await process.stdout.read(4096))
        assert piece, said
    process.send_signal(signal.SIGINT)
    rest, _ = await process.communicate()
    text = (said + rest).decode()
    assert process.returncode == 0
    assert "RabbitMQ" not in text
    assert "Feature flags" not in text
    assert "settings=" not in text
    assert "gateway      ready after" in text
    assert "consuming queue=video" in text
    assert text.splitlines()[-1] == f"stopped; the data stays in {tonearm.directory}"
