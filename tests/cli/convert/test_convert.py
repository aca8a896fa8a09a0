import os
import shutil
from pathlib import Path

import pytest

from cli.client import patience
from cli.client.errors import NotThere
from cli.convert import conversion
from cli.convert.board import Row
from cli.exits import Exit
from cli.main import main
from tests.cli.convert.typed import ONE_FAILED, convert
from tests.cli.gateways import Gateway

pytestmark = pytest.mark.usefixtures("signed_in")


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


def test_an_option_that_cannot_be_had_is_a_wrong_argument_told_once(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Path(shutil.copy(video, video.with_name("other.mp4")))
    assert convert(server, video, other, "-O", "loudnes=-16") == Exit.USAGE
    said = "loudnes: there is no such option: did you mean loudness?"
    assert capsys.readouterr().err.count(said) == 1
    assert server.uploads == []


def test_a_file_that_is_not_there_is_told_before_anybody_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(tmp_path / "no.mp4"), "--url", "http://127.0.0.1:1"]) == Exit.NOINPUT
    assert "no.mp4 is not there" in capsys.readouterr().err


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


def test_the_same_video_again_is_left_alone_and_said_so_until_again_is_asked_for(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(server, video) == Exit.OK
    assert convert(server, video) == Exit.OK
    assert len(server.uploads) == len(server.ranges) == 1
    assert "there already, from job j-1; --again converts anew" in capsys.readouterr().out
    assert convert(server, video, "--again") == Exit.OK
    assert len(server.uploads) == len(server.outputs) == 1  # the gateway has the video, and converts it anew


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


def test_a_refused_file_does_not_stop_the_next_one(server: Gateway, video: Path, tmp_path: Path) -> None:
    (tmp_path / "walk.mp3").write_bytes(b"mine")
    other = tmp_path / "walk.mp4"
    other.write_bytes(b"video")
    assert convert(server, other, video) == ONE_FAILED
    assert video.with_name("talk.mp3").exists()


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
