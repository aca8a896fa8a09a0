import errno
import os
from pathlib import Path
from typing import Any

import pytest

from cli.convert.search import Chosen, listed, videos
from cli.convert.sources import unreadable
from cli.errors import NothingFound, WrongArgument

ALL = Chosen(recursive=True)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as people have them, which is where we are."""
    for name in ("b.MP4", "a.mov", "a.mp3", "notes.txt", ".hidden.mp4", "week 1/c.mkv", ".trash/d.mp4"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    (tmp_path / "circle").symlink_to(tmp_path, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*texts: str, chosen: Chosen = ALL) -> list[str]:
    return [each.path.as_posix() for each in videos(texts, chosen)]


def test_a_folder_means_its_videos_but_not_the_audio_beside_them(shelf: Path) -> None:
    assert names(".") == ["a.mov", "b.MP4", "week 1/c.mkv"]
    assert [each.below.as_posix() for each in videos([str(shelf)], ALL)] == [".", ".", "week 1"]


def test_a_folder_is_taken_only_when_that_is_asked_for(shelf: Path) -> None:
    with pytest.raises(WrongArgument, match=r"week 1 is a folder: give -r"):
        names("week 1", chosen=Chosen())


@pytest.mark.parametrize(
    ("include", "exclude", "found"),
    [
        (["*.mp3"], [], ["a.mp3"]),
        ([], ["week*/*"], ["a.mov", "b.MP4"]),
        (["*.mov", "*.mkv"], ["a*"], ["week 1/c.mkv"]),
    ],
)
@pytest.mark.usefixtures("shelf")
def test_patterns_choose_in_a_folder(include: list[str], exclude: list[str], found: list[str]) -> None:
    assert names(".", chosen=Chosen(True, tuple(include), tuple(exclude))) == found


@pytest.mark.usefixtures("shelf")
def test_a_pattern_that_no_shell_has_expanded_is_expanded() -> None:
    assert names("[ab].m*") == ["a.mov", "a.mp3"]
    assert names("*/*.mkv") == ["week 1/c.mkv"]
    with pytest.raises(NothingFound, match=r"nothing is called \*\.avi"):
        names("*.avi")


def test_a_file_may_be_called_as_a_pattern_is(shelf: Path) -> None:
    (shelf / "[ab].mov").touch()
    assert names("[ab].mov") == ["[ab].mov"]


@pytest.mark.usefixtures("shelf")
def test_what_is_named_twice_is_converted_once() -> None:
    assert names("a.mov", "./a.mov", "*.mov", ".") == ["a.mov", "b.MP4", "week 1/c.mkv"]


def test_a_folder_without_videos_says_so(tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match="there is no video in"):
        names(str(tmp_path))


def test_a_folder_that_may_not_be_read_is_told_and_does_not_stop_the_others(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def guarded(path: str) -> Any:  # root may read anything
        if Path(path).name == "week 1":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "week 1")
    found = videos(["."], ALL)
    assert [each.name for each in found] == ["a.mov", "b.MP4", "week 1"]
    assert unreadable(found[-1].path) == "may not be read"


def test_standard_input_is_one_video() -> None:
    assert [each.is_input for each in videos(["-"], ALL)] == [True]
    with pytest.raises(WrongArgument, match="give - once"):
        names("-", "-")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (
            b"a b.mp4\r\n\n# told by nobody\nhttps://example.org/c.mp4",
            ["a b.mp4", "https://example.org/c.mp4"],
        ),
        (b"#1.mp4\0two\nlines.mp4\0", ["#1.mp4", "two\nlines.mp4"]),
        (b"caf\xe9.mp4\n", ["caf\udce9.mp4"]),
        (b"\xef\xbb\xbfa.mp4\r\n", ["a.mp4"]),
        (b"", []),
    ],
)
def test_a_list_has_a_name_on_each_line_or_before_each_nul(content: bytes, found: list[str]) -> None:
    assert listed(content) == found
