import errno
import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from terminal import terminal
from waiting import wait_for

from cli.client import patience
from cli.client.asking import Access
from cli.client.credentials import Asked, credentials_for
from cli.client.errors import CredentialsMissing, NotThere
from cli.convert import conversion, imports
from cli.convert.board import Row
from cli.convert.report import ConvertedVideo
from cli.convert.sources import source
from cli.convert.targets import output_named, target_for
from cli.exits import Exit
from cli.main import main
from tests.cli.gateways import EMAIL, PASSWORD, Gateway
from tests.cli.json_lines import check

ROOT = Path(__file__).parents[3]
ONE_FAILED = 101
PATIENCE = 45.0


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
    return main(["convert", *map(str, arguments), "--url", server.url])


def test_a_video_becomes_an_mp3_beside_it_and_the_log_is_told(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(server, video) == Exit.OK
    assert video.with_name("talk.mp3").read_bytes() == server.audio
    shown = capsys.readouterr()
    assert all(line == line.rstrip() for line in shown.out.splitlines())
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
        ({"format": "flac"}, ["-o", "No.1. The End"], "No.1. The End", "flac"),
        ({"format": "flac"}, ["-o", "folder.ogg"], "folder.ogg/talk.flac", "flac"),
        ({}, [], "talk.mp3", "mp3"),
        ({"format": "flac"}, ["-o", "book.m4b"], "book.m4b", "m4a"),
        ({}, ["-o", "mine.opus", "--format", "OPUS"], "mine.opus", "opus"),
        ({}, ["--format", "aac"], "talk.m4a", "m4a"),
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


def test_an_option_that_cannot_be_had_is_a_wrong_argument_told_once(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Path(shutil.copy(video, video.with_name("other.mp4")))
    assert convert(server, video, other, "-O", "loudnes=-16") == Exit.USAGE
    said = "loudnes: there is no such option: did you mean loudness?"
    assert capsys.readouterr().err.count(said) == 1
    assert server.uploads == []


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


@pytest.mark.parametrize(
    ("arguments", "name", "wish"),
    [
        ([], "talk.opus", {"format": "opus"}),
        (["--format", "flac"], "talk.flac", {"format": "flac"}),
        (["-o", "out.wav"], "out.wav", {"format": "wav"}),
    ],
)
def test_a_named_preset_decides_the_format_where_nothing_else_does(
    server: Gateway, video: Path, arguments: list[str], name: str, wish: dict[str, str]
) -> None:
    server.preset, server.presets = {"format": "flac"}, {"Speech": {"format": "opus"}}
    arguments = [str(video.parent / each) if each.startswith("out.") else each for each in arguments]
    assert convert(server, video, "--preset", "Speech", *arguments) == Exit.OK
    assert server.wishes == [{"preset": "Speech", **wish}]
    assert (video.parent / name).read_bytes() == server.audio


def test_a_preset_that_is_not_there_is_a_wrong_argument(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(server, video, "--preset", "Speach") == Exit.USAGE
    assert "no preset Speach" in capsys.readouterr().err
    assert server.uploads == []


def test_a_file_of_the_presets_format_is_kept_too(server: Gateway, video: Path) -> None:
    server.preset = {"format": "flac"}
    video.with_name("talk.flac").write_bytes(b"mine")
    assert convert(server, video) == Exit.CANTCREAT
    assert server.uploads == []


def test_a_file_that_is_not_there_is_told_before_anybody_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(tmp_path / "no.mp4"), "--url", "http://127.0.0.1:1"]) == Exit.NOINPUT
    assert "no.mp4 is not there" in capsys.readouterr().err


def test_a_video_at_an_address_is_fetched_by_the_gateway_and_its_audio_comes_here(
    server: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(imports, "PAUSE", 0.01)
    fetching = {"state": "fetching", "bytes_done": 5, "bytes_total": 10}
    server.standings = [{"state": "waiting", "trouble": "it is away"}, fetching, {"state": "imported"}]
    url = "https://example.test/a/h%C3%A4ns%20talk.mp4?token=signed"
    assert convert(server, url, "--format", "opus") == Exit.OK
    assert (tmp_path / "häns talk.opus").read_bytes() == server.audio
    assert server.imports == [{"url": url, "options": {"format": "opus"}}]
    shown = capsys.readouterr()
    assert "signed" not in shown.out + shown.err


def test_a_gateway_that_is_away_when_an_address_is_told_gets_it_once(
    server: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server.standings, server.import_breaks = [{"state": "imported"}], 1
    assert convert(server, "https://example.test/talk.mp4") == Exit.OK
    [first, second] = server.import_keys
    assert first == second


def test_a_video_that_cannot_be_fetched_says_the_sentence_and_the_next_has_its_turn(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(video.parent)
    server.standings = [{"state": "failed", "error": {"code": "refused", "message": "There is nothing."}}]
    assert convert(server, "https://example.test/../..%2f\x1b[2J", video) == ONE_FAILED
    assert "There is nothing." in capsys.readouterr().err
    assert video.with_suffix(".mp3").exists()


@pytest.mark.parametrize(
    ("text", "name", "is_address"),
    [
        ("talk.mp4", "talk.mp4", False),
        ("https:talk.mp4", "https:talk.mp4", False),
        ("HTTPS://example.test/talk.mp4#t=5", "talk.mp4", True),
        ("http://example.test/", "video", True),
        ("http://example.test/a/..", "video", True),
        ("http://example.test/%2Fetc%2Fpasswd", "etc_passwd", True),
        ("http://[example/talk.mp4", "video", True),
    ],
)
def test_what_begins_as_an_address_is_one_and_its_name_is_no_path(
    text: str, name: str, is_address: bool
) -> None:
    video = source(text)
    assert (video.name, bool(video.url)) == (name, is_address)


def test_only_http_is_fetched(server: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(server, "FTP://example.org/y.mp4") == Exit.USAGE
    assert "a gateway fetches by http and https, not by ftp" in capsys.readouterr().err


def test_a_failed_job_says_the_sentence(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fails = True
    assert convert(server, video) == Exit.FAILED
    assert capsys.readouterr().err.splitlines()[-1] == f"tonearm convert: {video}: No sound."
    assert not video.with_name("talk.mp3").exists()


def test_what_failed_for_good_is_told_again_without_another_job_until_again_is_asked_for(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fails = True
    assert convert(server, video) == Exit.FAILED
    assert convert(server, video) == Exit.FAILED
    told = f"tonearm convert: {video}: it failed before: No sound. `tonearm convert --again` tries once more"
    assert told in capsys.readouterr().err
    assert (len(server.uploads), server.outputs) == (1, [])
    server.fails = False
    assert convert(server, video, "--again") == Exit.OK


def test_at_a_terminal_a_failure_takes_its_bar_away_and_stands_above_its_story(
    server: Gateway, video: Path
) -> None:
    server.fails = True
    environ = {"TONEARM_EMAIL": EMAIL, "TONEARM_PASSWORD": PASSWORD}
    with terminal(["convert", str(video), "--url", server.url], environ) as shown:
        assert shown.end() == Exit.FAILED
    before, heading, _ = shown.shown.partition("time (")
    assert heading
    assert "No sound." in before
    row = before.rpartition("\n")[2].rpartition("\x1b[2K")[2]
    assert not re.search(r"\w", row.replace("\x1b[2m", "")), row


def test_the_same_video_again_is_left_alone_and_said_so_until_again_is_asked_for(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(server, video) == Exit.OK
    assert convert(server, video) == Exit.OK
    assert len(server.uploads) == len(server.ranges) == 1
    assert "there already, from job j-1; --again converts anew" in capsys.readouterr().out
    assert convert(server, video, "--again") == Exit.OK
    assert len(server.uploads) == len(server.outputs) == 1  # the gateway has the video, and converts it anew


def test_an_mp3_of_somebody_elses_is_kept_and_nothing_is_uploaded(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = video.with_name("talk.mp3")
    target.write_bytes(b"mine")
    assert convert(server, video) == Exit.CANTCREAT
    assert "talk.mp3 is not audio that you converted from this video: use --force" in capsys.readouterr().err
    assert target.read_bytes() == b"mine"
    assert server.uploads == []
    assert convert(server, video, "--force") == Exit.OK
    assert target.read_bytes() == server.audio


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "x.flac", "--format", "mp3"], "x.flac would hold MP3"),
        (["-o", "x.mp3", "--format", "opus"], "x.mp3 would hold Opus,"),
        (["-o", "x.mp3", "--chapters", "split"], "x.mp3 would hold ZIP"),
        (["-o", "x.zip", "--chapters", "keep"], "x.zip would hold MP3"),
        (["-o", "x.aac"], "x.m4a would do"),
        (["-o", "x.wma", "--format", "flac"], "no format is called .wma"),
        (["-o", "x.xyz"], "no format is called .xyz"),
    ],
)
def test_no_file_gets_a_name_that_says_something_else(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert convert(server, video, *arguments) == Exit.USAGE
    assert said in capsys.readouterr().err
    assert server.uploads == []


@pytest.mark.parametrize("arguments", [["-o", "x.flac", "--format", "mp3"], ["-o", "x.aac"]])
def test_a_wrong_name_starts_no_stack(
    video: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(Access, "signed_in", lambda *_, **__: pytest.fail("it was started"))
    assert main(["convert", str(video), *arguments]) == Exit.USAGE


def test_a_folder_is_made_where_a_name_ends_as_one_or_several_files_need_it(
    server: Gateway, video: Path, tmp_path: Path
) -> None:
    assert convert(server, video, "-o", f"{tmp_path}/new/music/") == Exit.OK
    assert (tmp_path / "new" / "music" / "talk.mp3").read_bytes() == server.audio

    other = tmp_path / "walk.mov"
    other.write_bytes(b"video")
    assert convert(server, video, other, "-o", tmp_path / "sounds", "-j", "1") == Exit.OK
    assert sorted(path.name for path in (tmp_path / "sounds").iterdir()) == ["talk.mp3", "walk.mp3"]


@pytest.mark.parametrize("output", ["one.mp3", "-", "there"])
def test_several_files_do_not_become_one(
    server: Gateway, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("walk.mov").write_bytes(b"video")
    Path("there").write_bytes(b"a file")
    assert convert(server, video, "walk.mov", "-o", output) == Exit.USAGE
    assert server.uploads == []


def test_standard_output_has_the_audio_and_nothing_else(server: Gateway, video: Path, tmp_path: Path) -> None:
    done = run(server, video, "-o", "-", stdout=subprocess.PIPE)
    sound, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == Exit.OK
    assert sound == server.audio
    assert b"job j-1" in said
    assert b"downloading the audio (" in said
    assert b"written to standard output (" in said
    assert sorted(tmp_path.iterdir()) == [video]


def test_a_reader_of_the_sound_may_go_away(server: Gateway, video: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run(server, video, "-o", "-", stdout=writer)
    os.close(writer)
    _, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == Exit.OK
    assert b"rror" not in said
    assert b"Traceback" not in said


def test_a_reader_of_the_results_may_go_away_and_the_work_goes_on(server: Gateway, video: Path) -> None:
    other = Path(shutil.copy(video, video.with_name("other.mp4")))
    reader, writer = os.pipe()
    os.close(reader)
    done = run(server, video, other, "--json", "-j", "1", stdout=writer)
    os.close(writer)
    _, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == Exit.OK, said
    assert video.with_suffix(".mp3").exists()
    assert other.with_suffix(".mp3").exists()


def run(server: Gateway, *arguments: str | Path, **more: Any) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "cli.main", "convert", *arguments, "--url", server.url]
    environ = os.environ | more.pop("env", {})
    return subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, **more)


@pytest.mark.parametrize("arguments", [[], ["--force"]])
def test_a_file_that_came_while_the_video_was_converted_is_kept(
    server: Gateway,
    video: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    settled = conversion._settled

    def late(*given: Any) -> Any:
        target.write_bytes(b"of another command")
        return settled(*given)

    target = video.with_suffix(".mp3")
    monkeypatch.setattr(conversion, "_settled", late)
    code = convert(server, video, *arguments)
    if arguments:
        assert (code, target.read_bytes()) == (Exit.OK, server.audio)
    else:
        assert (code, target.read_bytes()) == (Exit.CANTCREAT, b"of another command")
        said = capsys.readouterr().err
        assert "another file has come there meanwhile" in said
        assert f"{server.url}/jobs/j-1/audio" in said
    assert {each.name for each in video.parent.iterdir() if each.is_file()} == {"talk.mp3", "talk.mp4"}


def test_a_result_of_another_video_is_kept(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(server, video) == Exit.OK
    other = video.with_name("talk.mov")
    other.write_bytes(b"another")
    assert convert(server, other) == Exit.CANTCREAT
    assert "talk.mp3 is the audio of another video, talk.mp4" in capsys.readouterr().err
    assert len(server.uploads) == 1


def test_the_same_video_under_another_name_replaces_its_result(server: Gateway, video: Path) -> None:
    assert convert(server, video) == Exit.OK
    assert convert(server, video.rename(video.with_name("talk.mov"))) == Exit.OK


@pytest.mark.parametrize("change", ["grows", "shrinks", "is written over"])
def test_a_file_that_something_writes_to_is_told_and_the_next_has_its_turn(
    server: Gateway,
    video: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: str,
) -> None:
    def write(done: int) -> None:
        if done:
            with changing.open("r+b") as file:
                file.truncate({"grows": 3, "shrinks": 1}.get(change, 2) * 256 * 1024)
            os.utime(changing, (0, 0))

    changing = video.with_name("recording.ts")
    changing.write_bytes(bytes(2 * 256 * 1024))
    monkeypatch.setattr(Row, "transfer", lambda row, verb, *_: write if verb == "uploading" else print)
    assert convert(server, changing, video, "-j", "1") == ONE_FAILED
    assert "recording.ts: something wrote to it while it was sent" in capsys.readouterr().err
    assert [name for name, _, _ in server.uploads] == ["talk.mp4"]


def test_an_upload_that_broke_off_goes_on_when_the_same_is_typed_again(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.upload_breaks = [2000] + [0] * 9
    with monkeypatch.context() as patch:
        patch.setattr(patience, "PATIENCE", 0.1)
        assert convert(server, video) == Exit.UNAVAILABLE
    assert "the same command goes on where this one ended" in capsys.readouterr().err
    server.upload_breaks, server.offsets = [], []
    assert convert(server, video) == Exit.OK
    assert "talk.mp4: 2 kB of it are there already" in capsys.readouterr().err
    assert server.offsets == [2000]


def test_a_file_that_vanishes_is_told_and_the_next_has_its_turn(
    server: Gateway,
    video: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = tmp_path / "walk.mov"
    other.write_bytes(b"video")
    monkeypatch.setattr(conversion, "jobs_known", lambda *_: other.unlink(missing_ok=True) or [])
    assert convert(server, other, video) == ONE_FAILED
    assert "walk.mov: it is not there any more" in capsys.readouterr().err
    assert len(server.uploads) == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_every_letter_gets_what_it_can_show(
    server: Gateway, video: Path, encoding: str
) -> None:
    named = video.rename(video.with_name("Čaj – 日本.mp4"))
    done = run(server, named, stdout=subprocess.PIPE, env={"PYTHONIOENCODING": encoding})
    shown, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == Exit.OK, said
    assert b"?aj ? ??.mp3" in shown
    assert named.with_suffix(".mp3").exists()


def test_a_name_keeps_its_letters_where_the_locale_has_none_of_them(server: Gateway, video: Path) -> None:
    named = video.rename(video.with_name("Čaj – 日本.mp4"))
    done = run(server, named, env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    _, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == Exit.OK, said
    assert [name for name, _, _ in server.uploads] == [named.name]
    assert named.with_suffix(".mp3").exists()


def test_a_gateway_that_is_behind_the_one_that_told_the_end_is_waited_for(
    server: Gateway, video: Path
) -> None:
    server.behind = 5
    assert convert(server, video) == Exit.OK
    assert video.with_suffix(".mp3").read_bytes() == server.audio


def test_a_network_that_breaks_at_each_step_costs_nothing(server: Gateway, video: Path) -> None:
    server.upload_breaks, server.stream_breaks, server.breaks = [2000], 1, [1000, 50_000]
    assert convert(server, video) == Exit.OK
    assert [body for _, body, _ in server.uploads] == [video.read_bytes()]
    assert video.with_suffix(".mp3").read_bytes() == server.audio


def test_a_job_that_cannot_be_followed_is_looked_at_now_and_then(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "LOOK", 0.01)
    server.streams_full, server.behind = True, 3
    assert convert(server, video) == Exit.OK
    assert video.with_suffix(".mp3").read_bytes() == server.audio


def test_a_stored_video_that_went_a_moment_ago_is_uploaded(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> str:
        raise NotThere(410, "the video of this job was removed")

    assert convert(server, video) == Exit.OK
    monkeypatch.setattr(conversion, "another_output", gone)
    assert convert(server, video, "--format", "flac") == Exit.OK
    assert len(server.uploads) == 2


def test_a_job_has_the_name_that_was_typed_although_the_gateway_knows_the_video_by_another(
    server: Gateway, video: Path
) -> None:
    assert convert(server, video) == Exit.OK
    copy = Path(shutil.copy(video, video.with_name(os.fsdecode(b"\xffcopy.mp4"))))
    assert convert(server, copy, "--format", "flac") == Exit.OK
    assert convert(server, video, "--format", "opus") == Exit.OK
    assert [each.get("filename") for each in server.outputs] == ["\ufffdcopy.mp4", None]


def test_one_sign_in_serves_several_commands_and_the_disk_has_no_password(
    server: Gateway, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert convert(server, video) == Exit.OK
    monkeypatch.delenv("TONEARM_PASSWORD")  # the session does without
    assert convert(server, video) == Exit.OK
    assert server.sign_ins == 1
    assert server.refreshes == []
    [kept] = (tmp_path / "config" / "tonearm" / "sessions").glob("*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert PASSWORD.encode() not in kept.read_bytes()


def test_a_password_that_is_asked_for_signs_in_anew_and_a_wrong_one_is_refused(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes by a terminal or standard input: the line itself stands in every list of processes."""

    def given(password: str) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        return convert(server, video, "--password")

    assert convert(server, video) == Exit.OK
    monkeypatch.setenv("TONEARM_PASSWORD", "wrong")
    assert convert(server, video, f"--password={PASSWORD}") == Exit.USAGE
    assert given("wrong") == Exit.NOPERM
    assert convert(server, video) == Exit.OK  # the session is still there
    assert server.sign_ins == 1
    assert given(PASSWORD) == Exit.OK
    assert server.sign_ins == 2
    assert server.refreshes == [("/logout", "refresh")]  # of the session before


def test_standard_input_is_a_video_or_a_password(
    server: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD))
    assert convert(server, "-", "-o", "a.mp3", "--password") == Exit.USAGE
    assert "TONEARM_PASSWORD" in capsys.readouterr().err


def test_a_password_that_is_asked_for_is_the_local_admins_where_nobody_else_is_named(tmp_path: Path) -> None:
    told = {"LOCAL_DIR": str(tmp_path), "ADMIN_EMAIL": "x@y", "ADMIN_PASSWORD": "first"}
    for given, used in (("line", "line"), (None, "first")):
        asked = Asked(password=given)
        account = credentials_for(asked, start=False, environ={**told, "TONEARM_PASSWORD": "z"})
        assert (account.email, account.ask()) == ("x@y", used)


def test_only_what_is_missing_to_sign_in_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, environ = Asked("https://tonearm.example.org"), {"XDG_CONFIG_HOME": str(tmp_path)}
    with pytest.raises(CredentialsMissing, match=r"^nobody to sign in as: `tonearm login https://tonearm\."):
        credentials_for(elsewhere, start=False, environ=environ)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    asked = elsewhere._replace(email="ada@example.org")
    ada = credentials_for(asked, start=False, environ=environ)
    with pytest.raises(CredentialsMissing, match="no password of ada"):
        ada.ask()


def test_a_session_that_the_gateway_does_not_know_any_more_is_begun_again(
    server: Gateway, video: Path
) -> None:
    assert convert(server, video, "--format", "mp3", "--chapters", "keep") == Exit.OK
    server.refresh = "another"
    server.expire_tokens()
    assert convert(server, video, "--format", "flac", "--chapters", "keep") == Exit.OK
    assert server.sign_ins == 2
    assert len(server.uploads) == len(server.outputs) == 1


def test_several_files_go_into_a_folder(server: Gateway, video: Path, tmp_path: Path) -> None:
    other = tmp_path / "walk.mov"
    other.write_bytes(b"video")
    folder = tmp_path / "out"
    folder.mkdir()
    assert convert(server, video, other, "-o", folder, "-j", "1") == Exit.OK
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


def test_a_pipe_in_the_place_of_the_audio_is_told_first_and_not_waited_for(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(pipe := video.with_name("talk.mp3"))
    assert convert(server, video, "--force") == Exit.CANTCREAT
    assert "talk.mp3 is not a file; -o - is standard output" in capsys.readouterr().err
    assert pipe.is_fifo()
    assert server.uploads == []


@pytest.mark.parametrize("name", ["nowhere/walk.mov", f"{'x' * 300}.mov", f"{'x' * 252}.ts"])
def test_a_video_without_a_place_does_not_stop_the_next_one(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(video.parent)
    if len(name) < 256 and "/" not in name:
        Path(name).write_bytes(b"video")
    assert convert(server, name, video) == ONE_FAILED
    assert video.with_suffix(".mp3").read_bytes() == server.audio


def test_an_mp3_that_cannot_be_written_in_the_end_can_still_be_fetched(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "talk.mp3")

    monkeypatch.setattr(conversion, "download", full)
    assert convert(server, video) == Exit.CANTCREAT
    assert f"{server.url}/jobs/j-1/audio" in capsys.readouterr().err


def test_a_refused_file_does_not_stop_the_next_one(server: Gateway, video: Path, tmp_path: Path) -> None:
    (tmp_path / "walk.mp3").write_bytes(b"mine")
    other = tmp_path / "walk.mp4"
    other.write_bytes(b"video")
    assert convert(server, other, video) == ONE_FAILED
    assert video.with_name("talk.mp3").exists()


@pytest.mark.parametrize("password", ["wrong", ""], ids=["wrong", "missing"])
def test_who_cannot_sign_in_is_told_so(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("TONEARM_PASSWORD", password)
    assert convert(server, video) == Exit.NOPERM


def test_a_gateway_that_is_away_has_a_code_of_its_own(
    video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(video), "--url", "http://127.0.0.1:1"]) == Exit.UNAVAILABLE
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://h:port", "localhost:8080", "http://me:hush@127.0.0.1:1", "http://me:1?hush@h"],
)
def test_a_url_that_is_none_or_has_a_password_is_refused_and_not_repeated(
    video: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert main(["convert", str(video), "--url", url]) == Exit.USAGE
    said = capsys.readouterr().err
    assert said.startswith("tonearm convert: --url takes")
    assert "hush" not in said


def test_a_local_stack_that_is_down_and_may_not_be_started_is_told_so(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TONEARM_EMAIL")
    monkeypatch.delenv("ADMIN_EMAIL", raising=False)
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))
    assert main(["convert", str(video), "--no-start"]) == Exit.UNAVAILABLE
    assert "the local stack does not run" in capsys.readouterr().err


def test_the_local_stack_is_found_where_it_listens(tmp_path: Path) -> None:
    told = {"LOCAL_DIR": str(tmp_path), "GATEWAY_HOST": "::1", "GATEWAY_PORT": "8090"}
    assert (
        credentials_for(Asked(email="a@b"), start=False, environ={**told, "ADMIN_EMAIL": "x"}).url
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
    assert main(["convert", str(video), "--no-start"]) == Exit.NOPERM
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
    assert server.watched.wait(PATIENCE)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == Exit.INTERRUPTED
    assert "talk.mp4: the job j-1 goes on without you" in said
    assert "tail --job j-1" in said
    assert "\ufffd" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("file", "output", "target"),
    [
        ("a/b.mp4", None, "a/b.opus"),
        ("a/b.tar.mkv", None, "a/b.tar.opus"),
        ("a/b", None, "a/b.opus"),
        ("a/Episode 1. The End", None, "a/Episode 1. The End.opus"),
        ("a/b.mp4", "new/", "new/b.opus"),
        ("a/b.mp4", "c.mp3", "c.mp3"),
        ("a/b.mp4", "/tmp", "/tmp/b.opus"),  # noqa: S108
    ],
)
def test_audio_lies_beside_its_video_unless_said_otherwise(
    file: str, output: str | None, target: str
) -> None:
    assert target_for(source(file), output_named(output, several=False), "opus") == Path(target)


def test_each_video_is_a_line_of_json_whatever_becomes_of_it(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = video.with_name("missing.mp4")
    assert convert(server, video, missing, "--json") == ONE_FAILED
    out = capsys.readouterr().out
    check(["convert"], out)
    lines = [msgspec.json.decode(line, type=ConvertedVideo) for line in out.splitlines()]
    failed, done = sorted(lines, key=lambda line: line.end, reverse=True)
    assert (failed.file, failed.error, failed.exit_code) == (None, "it is not there", Exit.NOINPUT)
    assert (done.file, done.end, done.job_id) == (str(video.with_suffix(".mp3")), "converted", "j-1")
    assert done.audio
    assert done.audio.sha256 == hashlib.sha256(server.audio).hexdigest()


def test_a_pipe_becomes_a_pipe(server: Gateway, tmp_path: Path) -> None:
    done = run(server, "-", "-o", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    sound, said = done.communicate(b"video" * 1000, timeout=PATIENCE)
    assert done.returncode == Exit.OK, said
    assert sound == server.audio
    assert [(name, body) for name, body, _ in server.uploads] == [("video", b"video" * 1000)]


async def test_control_c_ends_a_command_that_waits_for_standard_input(
    server: Gateway, tmp_path: Path
) -> None:
    done = run(server, "-", "-o", tmp_path / "talk.mp3", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert done.stdin
    done.stdin.write(b"video")
    done.stdin.flush()
    await wait_for(lambda: server.creations)
    done.send_signal(signal.SIGINT)
    code = done.wait(PATIENCE)
    _, said = done.communicate()
    assert code == Exit.INTERRUPTED, said
    assert b"Fatal" not in said


def test_standard_input_is_called_as_its_audio_is(
    server: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"video")))
    assert convert(server, "-", "-o", tmp_path / "talk.mp3") == Exit.OK
    assert [name for name, _, _ in server.uploads] == ["talk"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-"], "say with -o where its audio goes"),
        (["-", "--from-file", "-", "-o", "x.mp3"], "a list or a video, not both"),
        ([], "say which videos"),
        (["-r", ""], "a name is empty"),
        (["talk.mp4", "-o", ""], "a name is empty"),
        (["talk.mp4", "-o", "-", "--json"], "the audio or JSON, not both"),
        (["talk.mp4", "--format", "mp3", "-O", "format=flac"], "format is given as mp3 and as flac"),
    ],
)
def test_words_that_contradict_each_other_are_told_before_anybody_is_asked(
    video: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(video.parent)
    assert main(["convert", *arguments, "--url", "http://127.0.0.1:1"]) == Exit.USAGE
    assert said in capsys.readouterr().err


def test_folders_are_made_anew_where_the_audio_goes(
    server: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("in/talk.mp4", "in/deep/er/talk.mov"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(name.encode())
    assert convert(server, "-r", "in", "-o", "out/", "-j", "1") == Exit.OK
    assert sorted(each.as_posix() for each in Path("out").rglob("*.mp3")) == [
        "out/deep/er/talk.mp3",
        "out/talk.mp3",
    ]


def test_a_folder_becomes_a_folder_though_it_has_but_one_video(
    server: Gateway, video: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    video.rename(folder / "talk.mp4")
    assert convert(server, "-r", folder, "-o", tmp_path / "out") == Exit.OK
    assert (tmp_path / "out" / "talk.mp3").read_bytes() == server.audio


def test_a_list_names_videos(server: Gateway, video: Path) -> None:
    names = video.with_name("names.txt")
    names.write_text(f"# mine\n{video}\n")
    assert convert(server, "--from-file", names) == Exit.OK
    assert video.with_suffix(".mp3").exists()
    assert convert(server, "--from-file", video.with_name("none.txt")) == Exit.NOINPUT


def test_a_misspelled_preset_is_answered_with_the_one_that_was_meant(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.presets = {"speech": {}}
    assert convert(server, video, "--preset", "speach") == Exit.USAGE
    assert "there is no preset speach: did you mean speech?" in capsys.readouterr().err
