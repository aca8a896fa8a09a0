import errno
import os
from pathlib import Path
from typing import Any

import pytest

from cli.client.asking import Access
from cli.convert import conversion
from cli.convert.sources import source
from cli.convert.targets import output_named, target_for
from cli.exits import Exit
from cli.main import main
from tests.cli.convert.typed import ONE_FAILED, convert
from tests.cli.gateways import Gateway

pytestmark = pytest.mark.usefixtures("signed_in")


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
