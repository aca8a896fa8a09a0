"""`replay play`: a job's story is shown as it happened, in its own time."""

import asyncio
import sys
import termios
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from making import event, started, uploaded

from cli.replay.story.lines import elapsed
from events.types import JobRetrying
from tests.terminal import terminal

pytestmark = pytest.mark.servers

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds, told):
    return msgspec.structs.replace(told, time=EPOCH + timedelta(seconds=seconds))


async def tell(replay):
    retrying = JobRetrying(run=1, attempt=1, reason="no space", delay_seconds=60.0)
    await replay.publish(
        at(0, uploaded("j1", "a\x1b[2Jtalk.mp4")),
        at(0.5, uploaded("j2")),
        at(1, started("j1")),
        at(3600, event(retrying, "j1")),
        at(3601, started("j1", 2)),
    )


async def test_a_story_is_told_in_words_and_its_long_pauses_are_cut(replay):
    await tell(replay)
    begun = time.monotonic()
    played = await replay("play", "j1", "--speed", "10x", "--idle", "300ms")

    assert time.monotonic() - begun > 0.1 + 0.3 + 0.1
    assert [line.split("Z", 1)[0] for line in played.lines] == [
        "   0:00.0  00:00:00",
        "   0:01.0  00:00:01",
        "1:00:00.0  01:00:00",
        "1:00:01.0  01:00:01",
    ]
    assert [line.split("Z", 1)[1].split(maxsplit=2) for line in played.lines] == [
        ["job.uploaded", "uploaded", "a\\u001b[2Jtalk.mp4"],
        ["job.started", "converting", "attempt 1"],
        ["job.retrying", "retrying", "no space; again in 60 s"],
        ["job.started", "converting", "attempt 2"],
    ]
    several = await replay("play", "j1", "j2", "--idle", "0", "-o", "{subject}")
    assert several.lines == ["j1", "j2", "j1", "j1", "j1"]
    assert (await replay("play", "nobody")).code == 4


def is_by_lines(screen) -> bool:
    """Whether what is typed there is read by lines, as shells expect it."""
    return bool(termios.tcgetattr(screen._descriptor)[3] & termios.ICANON)


async def test_keys_bring_the_next_event_and_end_it_and_the_terminal_is_as_before(replay):
    await tell(replay)
    with terminal(["replay", "play", "j1", "--idle", "none", "--speed", "0.01x"], replay.environ) as screen:
        screen.until("uploaded")
        screen.until("of 1:00:01")
        screen.type(" ")
        screen.until("paused")
        screen.type("n")
        screen.until("converting")
        screen.type(" +++")
        screen.until("0.08x")
        assert not is_by_lines(screen)
        screen.type("q")
        assert screen.end() == 0
        assert is_by_lines(screen)
        assert "retrying" not in screen.shown
    with terminal(["replay", "play", "j1", "--idle", "none"], replay.environ) as screen:
        screen.until("converting")
        screen.type("\x03")
        assert screen.end() == 130
        assert is_by_lines(screen)


async def test_ctrl_z_gives_the_shell_a_terminal_as_it_was_and_the_story_goes_on_after_it(replay):
    await tell(replay)
    play = f"{sys.executable} -m cli.main replay play j1 --idle none --speed 0.01x"
    with terminal(["/bin/sh", "-c", f"set -m; {play}; stty -a; fg"], replay.environ) as screen:
        screen.until("of 1:00:01")
        screen.type("\x1a")
        screen.until("icanon")
        assert "-icanon" not in screen.shown
        screen.type("n")
        screen.until("converting")
        screen.type("q")
        assert screen.end() == 0


async def test_what_comes_is_played_when_it_comes(replay):
    await tell(replay)
    process = await replay.start("play", "j1", "-f", "--idle", "0", "-o", "{type} {data[attempt]}")
    for _ in range(4):
        await process.stdout.readline()
    await replay.publish(started("j1", 3))
    assert await process.stdout.readline() == b"job.started 3\n"
    process.stdout._transport.close()
    async with asyncio.timeout(30):
        assert await process.wait() == 0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0:00.0"), (59.96, "1:00.0"), (3723.44, "1:02:03.4"), (-1.5, "-0:01.5"), (-0.01, "0:00.0")],
)
def test_the_time_since_the_beginning_is_a_clock(seconds, said):
    assert elapsed(seconds).strip() == said
