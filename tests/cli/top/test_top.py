"""`tonearm top` as an administrator types it, in a terminal and in a pipe, against real services."""

import asyncio
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from servers.line import Line

from cli.exits import Exit
from cli.main import main
from cli.top.command import Standing
from events.envelope import job_event
from events.log import topology
from events.log.progress import Progress, ProgressSender
from events.log.transient import TransientSender
from events.observers import Unobserved
from events.types import JobStarted
from service.presence import Presence
from tests.cli.person import FAILED, Person
from tests.terminal import Terminal, terminal
from tests.tokens.conftest import PASSWORD, Site

pytestmark = pytest.mark.servers

STARTED = JobStarted(run=1, attempt=1, worker="test")
LEFT = "\x1b[?1049l"
"""By which a terminal shows again what it has shown before."""
CURSOR = "\x1b[?25h"


@contextmanager
def cockpit(url: str, folder: Path, *words: str, columns: int = 100, rows: int = 30) -> Iterator[Terminal]:
    with terminal(["top", "--url", url, *words], known(folder), columns=columns, rows=rows) as screen:
        yield screen


def known(folder: Path) -> dict[str, str]:
    return {
        "TONEARM_EMAIL": "canary-admin@example.com",
        "TONEARM_PASSWORD": PASSWORD,
        "XDG_CONFIG_HOME": str(folder),
        "TZ": "Europe/Berlin",
    }


async def sees(screen: Terminal, text: str) -> str:
    """Read on until this is shown, beyond what was seen before."""
    shown = await asyncio.to_thread(screen.until, text)
    screen.shown = screen.shown.partition(text)[2]
    return shown


async def tell_on(sender: TransientSender, progress: Progress) -> None:
    """Tell it again and again, as a converter does: a gateway forgets what was told a while ago."""
    while True:
        await ProgressSender(sender).send(progress)
        await asyncio.sleep(1)


async def test_an_administrator_watches_a_job_reads_its_story_and_cancels_it(
    person: Person, tmp_path: Path
) -> None:
    failed, job_id = await person.uploads("mute.mp4"), await person.uploads("groove.mp4")
    await person.comes_to(failed, "failed", STARTED, FAILED)
    await person.comes_to(job_id, "converting", STARTED)
    event = job_event(STARTED, job_id=job_id, account=person.account_id, source="test")
    done = Progress(
        job_id=job_id, account=person.account_id, run=1, attempt=1, percent=40.0, seconds_done=24.0,
        seconds_total=60.0, speed=12.0, time=datetime.now(UTC),
    )  # fmt: skip
    async with TransientSender(person.site.gateway.broker.url, name="test") as sender:
        presence = Presence(sender, kind="converter", slots=2)
        async with presence.shown():
            with (
                presence.observer(topology.VIDEO, Unobserved()).handling(event, 1),
                cockpit(person.site.url, tmp_path) as screen,
            ):
                await sees(screen, "groove.mp4")
                telling = asyncio.create_task(tell_on(sender, done))
                await sees(screen, "40 %")
                telling.cancel()
                screen.resize(140, 40)
                await sees(screen, "SERVICES")
                screen.type("\x1b[B")
                await sees(screen, "▌")
                screen.type("\r")
                await sees(screen, "WHAT HAS HAPPENED")
                await sees(screen, "job.started")
                screen.type("c")
                await sees(screen, "Cancel groove.mp4?")
                screen.type("y")
                await sees(screen, "groove.mp4: cancelled.")
                assert (await person.job(job_id))["state"] == "cancelled"
                screen.type("\x1b")
                await sees(screen, "no_audio")
                screen.type("q")
                assert await asyncio.to_thread(screen.end) == Exit.OK
    assert LEFT in screen.shown


@pytest.mark.parametrize(
    ("ends", "code"), [("\x03", Exit.INTERRUPTED), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
async def test_the_terminal_is_as_before_however_it_ends(
    site: Site, tmp_path: Path, ends: str | signal.Signals, code: int
) -> None:
    with cockpit(site.url, tmp_path) as screen:
        before = await sees(screen, "events a second")
        assert before.count("\x1b[?1049h") == 1
        if isinstance(ends, str):
            screen.type(ends)
        else:
            screen.process.send_signal(ends)
        assert await asyncio.to_thread(screen.end) == code
        assert screen.shown.partition(LEFT)[2].strip() == CURSOR
        assert termios.tcgetattr(screen._descriptor)[3] & termios.ECHO


async def test_ctrl_z_gives_the_shell_a_terminal_as_it_was_and_the_picture_comes_again(
    site: Site, tmp_path: Path
) -> None:
    top = f"{sys.executable} -m cli.main top --url {site.url}"
    with terminal(["/bin/sh", "-c", f"set -m; {top}; stty -a; fg"], known(tmp_path)) as screen:
        await sees(screen, "events a second")
        screen.type("\x1a")
        assert "-icanon" not in (await sees(screen, "icanon")).partition(LEFT)[2]
        await sees(screen, "events a second")
        screen.type("q")
        assert await asyncio.to_thread(screen.end) == Exit.OK


async def test_a_gateway_that_is_away_is_said_to_be_and_it_comes_back(site: Site, tmp_path: Path) -> None:
    async with Line(site.gateway.port) as line:
        with cockpit(f"http://127.0.0.1:{line.port}", tmp_path, "--every", "0.2") as screen:
            await sees(screen, "live")
            await line.cut()
            await sees(screen, "away")
            await sees(screen, "No answer since")
            await line.mend()
            await sees(screen, "live")
            screen.type("q")
            assert await asyncio.to_thread(screen.end) == Exit.OK


@pytest.fixture
def operator(
    person: Person, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Person:
    """The person of the command line is an administrator."""
    monkeypatch.setenv("TONEARM_EMAIL", "canary-admin@example.com")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("operator")))
    return person


async def test_a_pipe_gets_one_picture_without_colour_and_programs_get_the_numbers(operator: Person) -> None:
    job_id = await operator.uploads("a.mp4")
    await operator.comes_to(job_id, "failed", STARTED, FAILED)
    picture, _ = await operator.tonearm("top")
    assert "\x1b" not in picture
    assert "UNDER WAY" in picture
    assert "no_audio" in picture
    told, _ = await operator.tonearm("top", "--once", "--json")
    standing = msgspec.json.decode(told, type=Standing)
    assert standing.failures[0].job_id == job_id
    assert {each.name for each in standing.queues or ()} == set(topology.WORK_QUEUES)
    line, _ = await operator.tonearm(
        "top", "--once", "--format", "{gateway} {queues[0][name]}{queues[0][nothing]}"
    )
    assert line == f"127.0.0.1:{operator.site.gateway.port} video\n"


async def test_who_is_no_administrator_is_refused_in_a_sentence(person: Person) -> None:
    _, said = await person.tonearm("top", "--once", code=Exit.NOPERM)
    assert said.startswith("tonearm top: ")
    assert "scope" in said


def test_an_odd_interval_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    for every in ("0", "nan", "-1", "soon"):
        assert main(["top", "--every", every]) == Exit.USAGE
    assert "--every" in capsys.readouterr().err
