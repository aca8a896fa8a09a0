import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.client.credentials import credentials_for
from cli.convert.command import main
from cli.convert.targets import target_for
from cli.exits import Exit
from tests.cli.gateways import EMAIL, PASSWORD, Gateway

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONEARM_EMAIL", EMAIL)
    monkeypatch.setenv("TONEARM_PASSWORD", PASSWORD)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    path.write_bytes(b"video" * 1000)
    return path


def convert(server: Gateway, *arguments: str | Path) -> int:
    return main([*map(str, arguments), "--url", server.url])


def test_a_video_becomes_an_mp3_beside_it_and_the_log_is_told(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(server, video) == Exit.OK
    assert video.with_name("talk.mp3").read_bytes() == server.audio
    shown = capsys.readouterr()
    lines = [line.split() for line in shown.out.splitlines()]
    assert lines[0][0].endswith("talk.mp3")
    assert [line[-2:] for line in lines[2:4]] == [["job.uploaded", "a.mp4"], ["job.converted", "fine"]]
    assert lines[3][1:3] == ["+1.500", "s"]
    assert "\x1b" not in shown.out + shown.err
    assert "\r" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("preset", "arguments", "name", "format_"),
    [
        ({"format": "flac"}, [], "talk.flac", "flac"),
        ({"format": "flac"}, ["--format", "opus"], "talk.opus", "opus"),
        ({"format": "flac"}, ["-O", "format=wav"], "talk.wav", "wav"),
        ({"format": "flac"}, ["-o", "mine.M4A"], "mine.M4A", "m4a"),
        ({"format": "flac"}, ["-o", "mine.sound"], "mine.sound", "flac"),
        ({"format": "flac"}, ["-o", "folder.ogg"], "folder.ogg/talk.flac", "flac"),
        ({}, [], "talk.mp3", "mp3"),
        ({}, ["-o", "mine.m4a", "--format", "opus"], "mine.m4a", "opus"),
    ],
)
def test_audio_is_named_as_the_format_it_was_asked_for_in(
    server: Gateway,
    video: Path,
    monkeypatch: pytest.MonkeyPatch,
    preset: dict[str, str],
    arguments: list[str],
    name: str,
    format_: str,
) -> None:
    monkeypatch.chdir(video.parent)
    Path("folder.ogg").mkdir()
    server.preset = preset
    assert convert(server, video, *arguments) == Exit.OK
    assert Path(name).read_bytes() == server.audio
    assert server.wishes == [{"format": format_}]


def test_no_gateway_can_make_up_an_ending(server: Gateway, video: Path) -> None:
    server.preset = {"format": "/../../escaped"}
    assert convert(server, video, "-o", video.parent) == Exit.FAILED
    assert server.uploads == []


@pytest.mark.parametrize(
    ("preset", "arguments", "name", "wish"),
    [
        ({}, ["--chapters", "split"], "talk.zip", {"format": "mp3", "chapters": "split"}),
        ({}, ["-o", "out.zip", "--format", "flac"], "out.zip", {"format": "flac", "chapters": "split"}),
        ({"chapters": "split"}, [], "talk.zip", {"format": "mp3", "chapters": "split"}),
        ({"chapters": "split"}, ["--format", "opus"], "talk.zip", {"format": "opus", "chapters": "split"}),
        ({"chapters": "split"}, ["-o", "out.flac"], "out.flac", {"format": "flac", "chapters": "keep"}),
        ({"chapters": "split"}, ["--chapters", "drop"], "talk.mp3", {"format": "mp3", "chapters": "drop"}),
    ],
)
def test_a_file_for_each_chapter_comes_as_a_zip_and_is_called_so(
    server: Gateway,
    video: Path,
    preset: dict[str, str],
    arguments: list[str],
    name: str,
    wish: dict[str, str],
) -> None:
    server.preset = preset
    arguments = [str(video.parent / each) if each.startswith("out.") else each for each in arguments]
    assert convert(server, video, *arguments) == Exit.OK
    assert server.wishes == [wish]
    assert (video.parent / name).read_bytes() == server.audio


def test_a_file_of_the_presets_format_is_kept_too(server: Gateway, video: Path) -> None:
    server.preset = {"format": "flac"}
    video.with_name("talk.flac").write_bytes(b"mine")
    assert convert(server, video) == Exit.CANTCREAT
    assert server.uploads == []


def test_a_file_that_is_not_there_is_told_before_anybody_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "no.mp4"), "--url", "http://127.0.0.1:1"]) == Exit.NOINPUT
    assert "no.mp4 is not there" in capsys.readouterr().err


def test_a_failed_job_says_the_sentence(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fails = True
    assert convert(server, video) == Exit.FAILED
    assert capsys.readouterr().err.splitlines()[-1] == "tonearm convert: talk.mp4: No sound."
    assert not video.with_name("talk.mp3").exists()


def test_the_same_video_again_replaces_its_own_mp3(server: Gateway, video: Path) -> None:
    assert convert(server, video) == Exit.OK
    assert convert(server, video) == Exit.OK
    assert len(server.uploads) == 2


def test_an_mp3_of_somebody_elses_is_kept_and_nothing_is_uploaded(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = video.with_name("talk.mp3")
    target.write_bytes(b"mine")
    assert convert(server, video) == Exit.CANTCREAT
    assert "--force" in capsys.readouterr().err
    assert target.read_bytes() == b"mine"
    assert server.uploads == []
    assert convert(server, video, "--force") == Exit.OK
    assert target.read_bytes() == server.audio


def test_several_files_go_into_a_folder(server: Gateway, video: Path, tmp_path: Path) -> None:
    other = tmp_path / "walk.mov"
    other.write_bytes(b"video")
    folder = tmp_path / "out"
    folder.mkdir()
    assert convert(server, video, other, "-o", folder) == Exit.OK
    assert sorted(path.name for path in folder.iterdir()) == ["talk.mp3", "walk.mp3"]


@pytest.mark.parametrize(
    ("files", "output"), [(["a.mp4", "a.mov"], None), (["a.mp3"], None), (["a.mp4"], "nowhere/a.mp3")]
)
def test_what_cannot_be_written_is_told_first(
    server: Gateway, tmp_path: Path, files: list[str], output: str | None
) -> None:
    for name in files:
        (tmp_path / name).write_bytes(b"video")
    out = ["-o", tmp_path / output] if output else []
    assert convert(server, *(tmp_path / name for name in files), *out) == Exit.USAGE
    assert server.uploads == []


def test_a_name_may_be_as_long_as_the_disk_takes_and_a_longer_one_is_told_first(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    longest = video.rename(video.with_name("x" * 251 + ".mp4"))
    assert convert(server, longest) == Exit.OK
    assert longest.with_suffix(".mp3").read_bytes() == server.audio

    too_long = longest.rename(longest.with_name("x" * 252 + ".ts"))
    assert convert(server, too_long) == Exit.CANTCREAT
    assert "too long a name" in capsys.readouterr().err
    assert len(server.uploads) == 1


def test_a_folder_that_may_not_be_written_to_is_told_first(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)  # root may write anywhere
    assert convert(server, video) == Exit.CANTCREAT
    assert "may not be written to" in capsys.readouterr().err
    assert server.uploads == []


def test_an_mp3_that_cannot_be_written_in_the_end_can_still_be_fetched(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (video.parent / ".j-1.part").mkdir()
    assert convert(server, video) == Exit.CANTCREAT
    assert f"{server.url}/jobs/j-1/audio" in capsys.readouterr().err


def test_a_refused_file_does_not_stop_the_next_one(server: Gateway, video: Path, tmp_path: Path) -> None:
    (tmp_path / "walk.mp3").write_bytes(b"mine")
    other = tmp_path / "walk.mp4"
    other.write_bytes(b"video")
    assert convert(server, other, video) == Exit.CANTCREAT
    assert video.with_name("talk.mp3").exists()


@pytest.mark.parametrize(
    ("password", "code"), [("wrong", Exit.NOPERM), ("", Exit.USAGE)], ids=["wrong", "missing"]
)
def test_who_cannot_sign_in_is_told_so(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch, password: str, code: Exit
) -> None:
    monkeypatch.setenv("TONEARM_PASSWORD", password)
    assert convert(server, video) == code


def test_a_gateway_that_is_away_has_a_code_of_its_own(
    video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(video), "--url", "http://127.0.0.1:1"]) == Exit.UNAVAILABLE
    assert "cannot be reached" in capsys.readouterr().err


def test_a_local_stack_that_is_down_and_may_not_be_started_is_told_so(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TONEARM_EMAIL")
    monkeypatch.delenv("ADMIN_EMAIL", raising=False)
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))
    assert main([str(video), "--no-start"]) == Exit.UNAVAILABLE
    assert "the local stack does not run" in capsys.readouterr().err


def test_the_local_stack_is_found_where_it_listens(tmp_path: Path) -> None:
    told = {"LOCAL_DIR": str(tmp_path), "GATEWAY_HOST": "::1", "GATEWAY_PORT": "8090"}
    assert (
        credentials_for(None, "a@b", "c", start=False, environ={**told, "ADMIN_EMAIL": "x"}).url
        == "http://[::1]:8090"
    )


def test_a_refused_first_admin_is_told_that_the_password_of_the_first_start_counts(
    server: Gateway,
    video: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("TONEARM_EMAIL")
    monkeypatch.delenv("TONEARM_PASSWORD")
    told = {"ADMIN_EMAIL": EMAIL, "ADMIN_PASSWORD": "another", "GATEWAY_PORT": str(server.server_address[1])}
    for name, value in {**told, "LOCAL_DIR": str(tmp_path / "local")}.items():
        monkeypatch.setenv(name, value)
    assert main([str(video), "--no-start"]) == Exit.NOPERM
    assert "ADMIN_PASSWORD does not change it" in capsys.readouterr().err


def test_control_c_says_that_the_job_goes_on(server: Gateway, video: Path) -> None:
    server.hold = True
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "convert", video, "--url", server.url],
        cwd=ROOT,
        env=dict(os.environ),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.watched.wait(20)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode == Exit.INTERRUPTED
    assert "The job goes on" in said
    assert "tail --job j-1" in said
    assert "\ufffd" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("file", "output", "target"),
    [
        ("a/b.mp4", None, "a/b.opus"),
        ("a/b.tar.mkv", None, "a/b.tar.opus"),
        ("a/b", None, "a/b.opus"),
        ("a/b.mp4", "c.mp3", "c.mp3"),
        ("a/b.mp4", "/tmp", "/tmp/b.opus"),  # noqa: S108
    ],
)
def test_audio_lies_beside_its_video_unless_said_otherwise(
    file: str, output: str | None, target: str
) -> None:
    assert target_for(Path(file), Path(output) if output else None, "opus") == Path(target)
