"""Which files of a watched folder are meant, when they are complete, and what becomes of them."""

import errno
from pathlib import Path

import pytest

from cli.client.placing import place
from cli.convert.outcome import End, Outcome
from cli.convert.search import Chosen
from cli.convert.sources import Source
from cli.errors import Refused
from cli.watch import aftermath, arrivals
from cli.watch.aftermath import Aftermath
from cli.watch.folder import Identity, Seen, Watched, identity_of
from cli.watch.memory import Memory
from cli.watch.stillness import Stillness
from cli.watch.writers import is_written


def seen(name: str, size: int = 1, mtime_ns: int = 0, inode: int = 1) -> Seen:
    return Seen(Source(Path(name)), Identity(inode, size, mtime_ns))


def test_a_file_is_complete_when_nothing_about_it_has_changed_for_a_while() -> None:
    stillness = Stillness(10)
    looks: list[tuple[float, list[Seen], list[str]]] = [
        (0, [seen("a", 5)], []),
        (9, [seen("a", 5), seen("b", 5)], []),
        (10, [seen("a", 5), seen("b", 5)], ["a"]),
        (19, [seen("a", 6), seen("b", 5)], ["b"]),  # a has grown
        (28, [seen("a", 6)], []),
        (29, [seen("a", 6, mtime_ns=1)], []),  # a was written over
        (38, [seen("b", 5)], []),
        (39, [seen("a", 6, mtime_ns=1), seen("b", 5)], []),  # both were away meanwhile
        (49, [seen("a", 6, mtime_ns=1), seen("b", 5)], ["a", "b"]),
        (99, [seen("a", 6, mtime_ns=1, inode=2), seen("b", 5)], ["b"]),  # another file in a's place
    ]
    for now, there, complete in looks:
        assert [each.path.name for each in stillness.complete(there, now)] == complete, now


def test_a_file_without_bytes_is_never_complete() -> None:
    stillness = Stillness(0)
    assert stillness.complete([seen("a", 0)], 0) == stillness.complete([seen("a", 0)], 99) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        *(
            "talk.mp4",
            "TALK.MKV",
            "talk.mp3",
            "notes.txt",
            ".hidden.mp4",
            "film.mp4.part",
            "film.mp4.crdownload",
        ),
        *("got.mkv", "got.mkv.aria2", "~", "in/talk.mp4", "in/deep/talk.mov", "in/.deep/talk.mov"),
        *("audio/talk.mp4", "we\x1bird\n.mp4"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"video")
    (tmp_path / "link.mp4").symlink_to("nowhere")
    (tmp_path / "folder.mp4").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        (Chosen(), {"talk.mp4", "TALK.MKV", "we\x1bird\n.mp4"}),
        (Chosen(include=("t*",)), {"talk.mp4", "talk.mp3"}),
        (Chosen(include=("*.mkv", "film*")), set()),
        (
            Chosen(recursive=True, exclude=("TALK*", "we*")),
            {"talk.mp4", "in/talk.mp4", "in/deep/talk.mov"},
        ),
    ],
)
def test_only_finished_videos_of_a_folder_are_meant(folder: Path, chosen: Chosen, found: set[str]) -> None:
    looked = Watched(folder, chosen, [folder / "audio", folder / "not there"]).look()
    assert {str(each.path.relative_to(folder)) for each in looked} == found


def test_a_folder_that_goes_away_holds_nothing_for_a_while(tmp_path: Path) -> None:
    assert list(Watched(tmp_path / "gone", Chosen()).look()) == []


def test_a_file_that_somebody_has_open_for_writing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "talk.mp4"
    with file.open("wb") as writer:
        writer.write(b"video")
        writer.flush()
        assert is_written(file)
    assert not is_written(file)
    with file.open("rb"):
        assert not is_written(file)


@pytest.fixture
def video(tmp_path: Path) -> Seen:
    path = tmp_path / "in" / "talk.mp4"
    path.parent.mkdir()
    path.write_bytes(b"video")
    return Seen(Source(path, below=Path("monday")), identity_of(path))


def test_a_video_is_moved_under_a_name_that_is_free(tmp_path: Path, video: Seen) -> None:
    done = tmp_path / "done"
    for _ in range(3):
        video.path.write_bytes(b"video")
        now = Seen(video.source, identity_of(video.path))
        assert Aftermath(move_to=done).put_away(now) == ""
    names = {file.name for file in (done / "monday").iterdir()}
    assert names == {"talk.mp4", "talk (2).mp4", "talk (3).mp4"}


def test_a_name_that_is_taken_a_moment_before_a_video_gets_it_is_taken(
    tmp_path: Path, video: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = tmp_path / "done" / "monday"
    done.mkdir(parents=True)
    (done / "talk.mp4").write_bytes(b"of somebody else")
    (done / "talk (2).mp4").symlink_to("nowhere")
    monkeypatch.setattr(Path, "exists", lambda _: False)  # when it was looked for it was not there yet
    Aftermath(move_to=tmp_path / "done").put_away(video)
    assert {file.name for file in done.iterdir()} == {"talk.mp4", "talk (2).mp4", "talk (3).mp4"}
    assert (done / "talk.mp4").read_bytes() == b"of somebody else"


def test_a_video_goes_to_another_disk_whole_or_not_at_all(
    tmp_path: Path, video: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def across(file: Path, target: Path) -> None:
        if file == video.path:
            raise OSError(errno.EXDEV, "another disk")
        place(file, target)

    monkeypatch.setattr(aftermath, "place", across)
    Aftermath(move_to=tmp_path / "done").put_away(video)
    assert [file.name for file in (tmp_path / "done" / "monday").iterdir()] == ["talk.mp4"]
    assert not video.path.exists()


def test_a_video_that_is_another_by_now_stays(tmp_path: Path, video: Seen) -> None:
    video.path.write_bytes(b"another video")
    for after in (Aftermath(delete=True), Aftermath(move_to=tmp_path / "done")):
        assert "stays" in after.put_away(video)
    assert video.path.read_bytes() == b"another video"


def test_a_video_is_deleted_and_else_stays(video: Seen) -> None:
    Aftermath().put_away(video)
    assert video.path.exists()
    Aftermath(delete=True).put_away(video)
    assert not video.path.exists()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_what_a_file_came_to_is_remembered_for_this_folder_and_way(state: Path) -> None:
    large = Identity(2**64 - 1, 2**40, 2**60)
    with Memory(state, "url", "folder") as memory:
        memory.remember(large, "converted", "j-1")
    with Memory(state, "url", "folder") as memory, Memory(state, "url", "other") as other:
        assert (memory.end_of(large), other.end_of(large)) == ("converted", "")
        with pytest.raises(Refused, match="already"), Memory(state, "url", "folder"):
            pass
    assert state.stat().st_mode & 0o077 == 0


def test_a_memory_that_was_damaged_says_which_file_to_remove(state: Path) -> None:
    with Memory(state, "url"):
        pass
    [file] = state.glob("*.sqlite")
    file.write_bytes(b"no database" * 1000)
    for _ in range(2):
        with pytest.raises(Refused, match=file.name), Memory(state, "url"):
            pass


class Clock:
    """Time that passes only when somebody sleeps, or the test says so."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def arriving(folder: Path, memory: Memory) -> arrivals.Arrivals:
    def audio(video: Source) -> Path:
        return video.path.with_suffix(".mp3")

    return arrivals.Arrivals(Watched(folder, Chosen()), memory, audio, keeps=True, settle=0)


def test_a_video_that_nobody_began_because_it_was_over_just_then_comes_again(
    tmp_path: Path, state: Path
) -> None:
    (tmp_path / "talk.mp4").write_bytes(b"talk")
    over = iter([False] * 3 + [True] * 9)
    with Memory(state, "url") as memory:
        coming = arriving(tmp_path, memory)
        task = next(coming.tasks(lambda: False))
        [again] = coming.tasks(lambda: next(over))
        assert again == task
        coming.ended(Outcome(again, End.CONVERTED))
        over = iter([False] * 3 + [True] * 9)
        assert list(coming.tasks(lambda: next(over))) == []


def test_a_folder_is_looked_at_soon_again_however_long_the_last_videos_took(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "time", clock := Clock())
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "talk.mp4").write_bytes(b"talk")
    with Memory(state, "url") as memory:
        coming = arriving(folder, memory).tasks(lambda: clock.now > 5000)
        assert next(coming).source.name == "talk.mp4"
        clock.now = 1000
        (folder / "film.mp4").write_bytes(b"film")
        assert next(coming).source.name == "film.mp4"
        assert clock.now < 1010
        assert next(coming, None) is None
