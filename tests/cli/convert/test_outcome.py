import errno
from pathlib import Path

import pytest

from cli.client.errors import NotAsItStands, SignInRefused, SourceChanged, Troubled, Unreachable
from cli.convert.outcome import End, Outcome, Task, exit_code, failed, summary
from cli.convert.sources import source
from cli.exits import Exit


def outcome(end: End, name: str = "a.mp4", code: Exit = Exit.OK) -> Outcome:
    return Outcome(Task(source(name), Path("a.mp3")), end, why="No sound.", code=code)


def test_one_video_ends_with_its_own_code() -> None:
    assert exit_code([outcome(End.FAILED, code=Exit.NOINPUT)]) == Exit.NOINPUT
    assert exit_code([outcome(End.CONVERTED)]) == Exit.OK


@pytest.mark.parametrize(("good", "bad", "code"), [(2, 0, 0), (5, 1, 101), (0, 7, 107), (1, 300, 125)])
def test_the_code_of_several_tells_how_many_have_no_audio(good: int, bad: int, code: int) -> None:
    ended = [outcome(End.UNCHANGED)] * good + [outcome(End.FAILED)] * (bad - bad // 2)
    assert exit_code([*ended, *[outcome(End.NOT_BEGUN)] * (bad // 2)]) == code


def test_the_summary_counts_and_repeats_failures_only_where_they_have_gone_by() -> None:
    few = [outcome(End.CONVERTED), outcome(End.FAILED), outcome(End.NOT_BEGUN)]
    assert summary(few) == ["3 videos: 1 converted, 1 failed, 1 not begun"]
    assert summary([*few, *[outcome(End.UNCHANGED)] * 8]) == [
        "11 videos: 1 converted, 8 there already, 1 failed, 1 not begun",
        "  a.mp4: No sound.",
    ]


@pytest.mark.parametrize(
    ("error", "code", "for_all"),
    [
        (Unreachable("away"), Exit.UNAVAILABLE, True),
        (Troubled(503, "away"), Exit.UNAVAILABLE, True),
        (Troubled(507, "full"), Exit.UNAVAILABLE, True),
        (Troubled(500, "odd"), Exit.UNAVAILABLE, False),
        (NotAsItStands(429, "enough", {"limit": "jobs_today"}), Exit.REFUSED, True),
        (NotAsItStands(429, "too many", {"limit": "jobs_open"}), Exit.REFUSED, False),
        (SourceChanged("it grows"), Exit.NOINPUT, False),
        (OSError(errno.ENOSPC, "full", "a.mp3"), Exit.CANTCREAT, True),
        (PermissionError(errno.EACCES, "no", "a.mp3"), Exit.CANTCREAT, False),
        (FileNotFoundError(errno.ENOENT, "gone", "a.mp4"), Exit.NOINPUT, False),
        (PermissionError(errno.EACCES, "no", "a.mp4"), Exit.NOINPUT, False),
        (FileNotFoundError(errno.ENOENT, "gone", "out/a.mp3"), Exit.CANTCREAT, False),
    ],
)
def test_an_error_is_of_one_video_or_of_all(error: Exception, code: Exit, for_all: bool) -> None:
    ended = failed(Task(source("a.mp4"), None), error)
    assert (ended.code, ended.for_all) == (code, for_all)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left", "a.mp3"), "a.mp3: No space left"),
        (OSError(errno.ENOSPC, "No space left"), "No space left"),
        (PermissionError("this may not be written to"), "this may not be written to"),
    ],
)
def test_an_error_of_a_disk_is_told_without_its_number(error: OSError, words: str) -> None:
    assert failed(Task(source("a.mp4"), None), error).why == words


def test_a_gateway_that_fetches_nothing_may_still_take_files() -> None:
    refused = SignInRefused(403, "this server fetches nothing")
    assert failed(Task(source("a.mp4"), None), refused).for_all
    assert not failed(Task(source("https://example.org/a.mp4"), None), refused).for_all
