"""`tonearm watch` as people run it: in processes that are ended, killed and begun again."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from terminal import terminal
from waiting import wait_for

from cli.exits import Exit
from cli.main import main
from service.known_problems import QUOTA_EXCEEDED
from tests.cli.gateways import EMAIL, PASSWORD, Gateway

ROOT = Path(__file__).parents[3]
VIDEO = b"video" * 1000
PATIENCE = 45.0


@pytest.fixture(autouse=True)
def signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TONEARM_EMAIL", EMAIL)
    monkeypatch.setenv("TONEARM_PASSWORD", PASSWORD)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


class Watch:
    """A command that watches. What it has said is in `lines`, its results in `results`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []
        self.results: list[str] = []
        self._threads = [
            threading.Thread(target=into.extend, args=(stream,), daemon=True)
            for into, stream in ((self.lines, process.stderr), (self.results, process.stdout))
        ]
        for thread in self._threads:
            thread.start()

    async def says(self, text: str, times: int = 1) -> None:
        await wait_for(
            lambda: sum(text in line for line in [*self.lines, *self.results]) >= times,
            PATIENCE,
            f"{text!r} in {self.lines} {self.results}",
        )

    def ended(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        return code


@contextmanager
def watching(server: Gateway, folder: Path, *more: str | Path) -> Iterator[Watch]:
    words = [sys.executable, "-m", "cli.main", "watch", folder, "--url", server.url, "--settle", "0", *more]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield Watch(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream
            stream.close()


async def test_what_lies_there_and_what_comes_is_converted_once_over_restarts(
    server: Gateway, folder: Path
) -> None:
    (folder / "talk.mp4").write_bytes(VIDEO)
    with watching(server, folder) as watch:
        await watch.says("talk.mp3 (1:05, 1.0 MB)")
        (folder / "film.mkv.part").write_bytes(b"film")
        (folder / "film.mkv.part").rename(folder / "film.mkv")
        await watch.says("film.mp3 (1:05, 1.0 MB)")
        assert watch.ended() == Exit.OK
    assert (folder / "talk.mp3").read_bytes() == server.audio
    (folder / "film.mp3").unlink()
    (folder / "film.mkv").rename(folder / "another name.mkv")
    with watching(server, folder) as watch:
        await watch.says("Watching")
        (folder / "new.mov").write_bytes(b"new")
        await watch.says("new.mp3 (1:05, 1.0 MB)")
        assert watch.ended() == Exit.OK
    assert [name for name, _, _ in server.uploads] == ["talk.mp4", "film.mkv", "new.mov"]
    assert sorted(each.name for each in folder.glob("*.mp3")) == ["new.mp3", "talk.mp3"]


async def test_a_video_that_cannot_be_converted_is_told_once_and_stays(server: Gateway, folder: Path) -> None:
    server.fails = True
    (folder / "silent.mp4").write_bytes(VIDEO)
    with watching(server, folder, "--delete") as watch:
        await watch.says("No sound.")
        assert watch.ended() == Exit.OK
    server.fails = False
    with watching(server, folder, "--delete") as watch:
        await watch.says("Watching")
        (folder / "talk.mp4").write_bytes(b"talk")
        await watch.says("talk.mp3 (1:05, 1.0 MB)")
        assert watch.ended() == Exit.OK
    assert [name for name, _, _ in server.uploads] == ["silent.mp4", "talk.mp4"]
    assert {each.name for each in folder.iterdir()} == {"silent.mp4", "talk.mp3"}


async def test_a_job_is_followed_after_a_kill_and_not_uploaded_again(
    server: Gateway, folder: Path, tmp_path: Path
) -> None:
    server.hold = True
    (folder / "talk.mp4").write_bytes(VIDEO)
    moves = "-o", tmp_path / "audio", "--move-to", tmp_path / "done"
    with watching(server, folder, *moves) as watch:
        await watch.says("converting talk.mp4")
        await wait_for(server.watched.is_set)
        watch.process.kill()
    server.hold = False
    with watching(server, folder, *moves, "--json") as watch:
        await watch.says("it is being converted already")
        await watch.says('"end":"converted"')
        assert watch.ended() == Exit.OK
        [line] = map(json.loads, watch.results)
    assert line["file"] == str(tmp_path / "audio" / "talk.mp3")
    assert len(server.uploads) == 1
    assert (tmp_path / "audio" / "talk.mp3").read_bytes() == server.audio
    assert (tmp_path / "done" / "talk.mp4").read_bytes() == VIDEO
    assert list(folder.iterdir()) == []


async def test_an_end_in_the_midst_of_a_job_is_clean_and_says_what_goes_on(
    server: Gateway, folder: Path
) -> None:
    server.hold = True
    (folder / "talk.mp4").write_bytes(VIDEO)
    with watching(server, folder) as watch:
        await wait_for(server.watched.is_set)
        assert watch.ended() == Exit.OK
    assert watch.lines[-1] == "The same command goes on with talk.mp4.\n"
    assert [each.name for each in folder.iterdir()] == ["talk.mp4"]


async def test_a_gateway_that_is_away_or_takes_no_more_is_waited_for(server: Gateway, folder: Path) -> None:
    server.away = True
    (folder / "talk.mp4").write_bytes(VIDEO)
    with watching(server, folder) as watch:
        await wait_for(lambda: server.turned_away)
        server.away = False
        await watch.says("talk.mp3 (1:05, 1.0 MB)")
        server.upload_refused = QUOTA_EXCEEDED
        (folder / "more.mp4").write_bytes(b"more")
        await watch.says("more.mp4: An account has limits")
        server.upload_refused = None
        await watch.says("more.mp3 (1:05, 1.0 MB)")
        assert watch.ended() == Exit.OK
    with watching(server, folder, "--url", "http://127.0.0.1:1") as watch:
        await watch.says("cannot be reached: connection refused; trying again in 2 s")
        assert watch.ended() == Exit.OK


async def test_a_file_is_left_alone_while_something_writes_to_it(server: Gateway, folder: Path) -> None:
    with watching(server, folder) as watch, (folder / "slow.mp4").open("wb") as writer:
        writer.write(VIDEO)
        writer.flush()
        await watch.says("Watching")
        (folder / "talk.mp4").write_bytes(b"talk")
        await watch.says("talk.mp3 (1:05, 1.0 MB)")
        writer.write(VIDEO)
        writer.close()
        await watch.says("slow.mp3 (1:05, 1.0 MB)")
        assert watch.ended() == Exit.OK
    assert [(name, video) for name, video, _ in server.uploads] == [
        ("talk.mp4", b"talk"),
        ("slow.mp4", 2 * VIDEO),
    ]


async def test_two_videos_that_would_become_one_file_do_not(server: Gateway, folder: Path) -> None:
    (folder / "talk.mkv").write_bytes(b"one")
    (folder / "talk.mp4").write_bytes(b"two")
    with watching(server, folder) as watch:
        await watch.says("talk.mp3 (1:05, 1.0 MB)")
        await watch.says("talk.mp4: ")
        assert watch.ended() == Exit.OK
    assert "talk.mp3 is the audio of another video, talk.mkv" in "".join(watch.lines)
    assert [name for name, _, _ in server.uploads] == ["talk.mkv"]


async def test_a_folder_has_one_that_watches_it_so(server: Gateway, folder: Path) -> None:
    with watching(server, folder) as watch:
        await watch.says("Watching")
        with watching(server, folder) as second:
            assert second.process.wait(PATIENCE) == Exit.REFUSED
            await second.says("another `tonearm watch` does this already")
        with watching(server, folder, "--format", "flac") as other:
            await other.says("Watching")
        assert watch.ended(signal.SIGINT) == Exit.INTERRUPTED


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["nowhere"], Exit.NOINPUT, "nowhere is not there"),
        (["file.mp4"], Exit.USAGE, "'file.mp4' is a file"),
        ([".", "-o", "file.mp4"], Exit.USAGE, "'file.mp4' is a file"),
        ([".", "--move-to", "."], Exit.USAGE, "it takes another"),
        ([".", "--move-to", "done", "--delete"], Exit.USAGE, "exclude each other"),
        (["", "--delete"], Exit.USAGE, "a name is empty"),
        ([".", "--move-to", ""], Exit.USAGE, "a name is empty"),
        ([".", "-o", ""], Exit.USAGE, "a name is empty"),
        ([".", "--settle", "-1"], Exit.USAGE, "settle"),
        ([".", "--start", "soon"], Exit.USAGE, "start"),
    ],
)
def test_what_is_wrong_with_the_words_is_told_before_anybody_is_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: Exit,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.mp4").touch()
    assert main(["watch", *words, "--url", "http://127.0.0.1:1"]) == code
    assert says in capsys.readouterr().err


def test_a_terminal_is_not_harmed_by_names_and_is_given_back(server: Gateway, folder: Path) -> None:
    (folder / "ta\x1b]0;lk\x07\n.mp4").write_bytes(VIDEO)
    words = ["watch", str(folder), "--url", server.url, "--settle", "0"]
    with terminal(words, os.environ, columns=200) as screen:
        screen.until("1:05, 1.0 MB")
        screen.type("\x03")
        assert screen.end() == Exit.INTERRUPTED
    assert "ta\ufffd]0;lk\ufffd\ufffd.mp4" in screen.shown
    assert "\x1b]0;lk" not in screen.shown
    assert screen.shown.count("\x1b[?25l") == screen.shown.count("\x1b[?25h"), "the cursor is back"
