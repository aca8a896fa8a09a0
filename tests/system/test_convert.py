"""`tonearm convert` and `watch` as people type them, at a terminal and in pipes, against the whole stack."""

import asyncio
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from cli.convert.report import ConvertedVideo
from cli.exits import Exit
from infra.drills.rig.clips import Clip, Clips
from infra.drills.rig.stack import Stack
from tests.terminal import Terminal, terminal

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


class Person:
    """Somebody at a terminal, in a folder of their own, with an account at the gateway."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.url, self.folder = stack.url, folder
        self.email, self.password = stack.admin
        self.environ = {
            "TONEARM_EMAIL": self.email,
            "TONEARM_PASSWORD": self.password,
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONPATH": str(ROOT),
        }

    def runs(self, *words: str, **more: Any) -> "subprocess.CompletedProcess[bytes]":
        """Run `tonearm convert …`, which nobody looks at."""
        command = [sys.executable, "-m", "cli.main", "convert", *words, "--url", self.url]
        more = {"env": self.environ, "cwd": self.folder, "timeout": 60, **more}
        return subprocess.run(command, capture_output=True, check=False, **more)

    def types(self, *words: str) -> Any:
        """Type it at a terminal."""
        return terminal(["convert", *words, "--url", self.url], self.environ, columns=90)

    def jobs_of(self, clip: Clip) -> list[Any]:
        """The jobs of a video, newest first."""
        with httpx.Client(base_url=self.url) as http:
            token = http.post("/login", auth=(self.email, self.password)).json()["access_token"]
            found = http.get(
                "/jobs", params={"video_sha256": clip.sha256}, headers={"Authorization": f"Bearer {token}"}
            )
        return list(found.json()["items"])


@pytest.fixture
def person(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.chdir(tmp_path)
    return Person(stack, tmp_path)


def put(clip: Clip, *places: str) -> None:
    for place in places:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip.path, place)


async def test_a_shelf_of_videos_becomes_a_shelf_of_audio_once(person: Person, clips: Clips) -> None:
    """One that fails stops no other; and the second time there is nothing left to do."""
    put(first := clips.tone(2, 431), "shelf/a/first.mkv")
    put(second := clips.tone(2, 433), "shelf/b/\x1b[31msecond.mkv")
    put(clips.silent(), "shelf/silent.mp4")

    def at_a_terminal() -> tuple[int, Terminal]:
        with person.types("-r", "shelf", "-o", "out/") as shown:
            return shown.end(), shown

    code, shown = await asyncio.to_thread(at_a_terminal)
    assert code == 101, shown.shown
    assert "3 videos: 2 converted, 1 failed" in shown.shown
    assert "This video has no sound" in shown.shown
    assert "uploading" in shown.shown  # the bars
    assert "[31msecond" not in shown.shown.replace("\ufffd[31m", "")
    assert sorted(each.as_posix() for each in Path("out").rglob("*.mp3")) == [
        "out/a/first.mp3",
        "out/b/\x1b[31msecond.mp3",
    ]

    Path("out/a/first.mp3").unlink()
    again = await asyncio.to_thread(person.runs, "-r", "shelf", "-o", "out/", "--json")
    assert again.returncode == 101
    lines = [msgspec.json.decode(line, type=ConvertedVideo) for line in again.stdout.splitlines()]
    assert {Path(line.video).name: line.end for line in lines} == {
        "first.mkv": "downloaded",
        "\x1b[31msecond.mkv": "unchanged",
        "silent.mp4": "failed",
    }
    assert [len(person.jobs_of(clip)) for clip in (first, second)] == [1, 1]


async def test_other_options_make_another_output_without_an_upload(person: Person, clips: Clips) -> None:
    put(clip := clips.tone(4, 439), "talk.mkv")
    for words in (["--start", "0:01", "--end", "3s"], ["-o", "part.flac", "-O", "start=1", "--end", "3"]):
        done = await asyncio.to_thread(person.runs, "talk.mkv", *words)
        assert done.returncode == Exit.OK, done.stderr
    newer, older = person.jobs_of(clip)
    assert newer["family"] == older["family"]
    assert round(newer["audio"]["duration_seconds"]) == 2
    assert Path("part.flac").read_bytes()[:4] == b"fLaC"


async def test_what_flows_in_flows_out(person: Person, clips: Clips) -> None:
    clip = clips.tone(2, 443)
    with clip.path.open("rb") as video:
        done = await asyncio.to_thread(person.runs, "-", "-o", "-", "--format", "opus", stdin=video)
    assert done.returncode == Exit.OK, done.stderr
    [job] = person.jobs_of(clip)
    assert hashlib.sha256(done.stdout).hexdigest() == job["audio"]["sha256"]


async def test_a_job_that_was_left_alone_is_waited_for_by_the_same_command(
    person: Person, clips: Clips
) -> None:
    put(clip := clips.tone(400, 449), "long.mkv")

    def left_alone() -> int:
        with person.types("long.mkv") as shown:
            shown.until("converting")
            shown.type("\x03")
            code = shown.end()
            assert "goes on without you" in shown.shown
            return code

    assert await asyncio.to_thread(left_alone) == Exit.INTERRUPTED
    done = await asyncio.to_thread(person.runs, "long.mkv")
    assert done.returncode == Exit.OK, done.stderr
    [job] = person.jobs_of(clip)
    assert hashlib.sha256(Path("long.mp3").read_bytes()).hexdigest() == job["audio"]["sha256"]


async def test_a_watched_folder_is_worked_off_though_the_watcher_is_killed(
    person: Person, clips: Clips
) -> None:
    put(short := clips.tone(2, 457), "in/monday/short.mkv")
    put(long := clips.tone(900, 461), "in/long.mkv")
    put(silent := clips.silent(), "in/silent.mp4")
    before = len(person.jobs_of(silent))  # others have no use for its sound, either
    words = ["watch", "-r", "in", "-o", "out/", "--move-to", "done", "--settle", "0", "--url", person.url]

    def killed() -> None:
        with terminal(words, person.environ, columns=120) as shown:
            shown.until("short.mp3 (0:02")
            shown.process.kill()

    def ended() -> int:
        with terminal(words, person.environ, columns=120) as shown:
            shown.until("long.mp3 (15:00")
            shown.process.terminate()
            return shown.end()

    await asyncio.to_thread(killed)
    assert await asyncio.to_thread(ended) == Exit.OK
    assert [len(person.jobs_of(clip)) for clip in (short, long, silent)] == [1, 1, max(before, 1)]
    assert {each.as_posix() for each in Path("done").rglob("*.mkv")} == {
        "done/monday/short.mkv",
        "done/long.mkv",
    }
    assert [each.name for each in Path("in").rglob("*.*")] == ["silent.mp4"]
    [job] = person.jobs_of(long)
    assert hashlib.sha256(Path("out/long.mp3").read_bytes()).hexdigest() == job["audio"]["sha256"]


async def test_copies_of_one_video_are_one_job_and_two_commands_do_not_disturb_each_other(
    person: Person, clips: Clips
) -> None:
    put(clip := clips.tone(3, 463), "one.mkv", "two.mkv", "deep/three.mkv")
    words = ("one.mkv", "two.mkv", "deep/three.mkv", "-o", "out/")
    done = await asyncio.to_thread(person.runs, *words)
    assert done.returncode == Exit.OK, done.stderr
    [job] = person.jobs_of(clip)

    shutil.rmtree("out")
    both = await asyncio.gather(*(asyncio.to_thread(person.runs, *words) for _ in range(2)))
    assert [each.returncode for each in both] == [Exit.OK, Exit.OK], [each.stderr for each in both]
    assert len(person.jobs_of(clip)) == 1
    made = {hashlib.sha256(each.read_bytes()).hexdigest() for each in Path("out").iterdir()}
    assert made == {job["audio"]["sha256"]}
    assert sorted(each.name for each in Path("out").iterdir()) == ["one.mp3", "three.mp3", "two.mp3"]
