"""The end of each video, and of all of them together. Pure."""

import errno
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from cli.client.answers import Job
from cli.client.errors import (
    CredentialsMissing,
    OptionsRefused,
    RequestRefused,
    SignInRefused,
    SourceChanged,
    Unreachable,
)
from cli.client.patience import is_spent
from cli.convert.replacement import InTheWay
from cli.convert.sources import Source
from cli.errors import NothingFound
from cli.exits import Codes, Exit, exit_for
from events.errors import TonearmError

CODES: Codes = {SourceChanged: Exit.NOINPUT, InTheWay: Exit.CANTCREAT, NothingFound: Exit.NOINPUT}
"""The exit codes of this command's own errors."""
FAILED_BASE, FAILED_MOST = 100, 125
"""The exit code of several videos is 100 and the number of those without audio, 125 at most."""
_FULL = (503, 507)
"""Refusals that the next video would get, too: the gateway has no room, or is going away."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_REPEATED = 10
"""Videos from which on the summary repeats the failures: their lines have gone by."""


class Task(Struct, frozen=True):
    """A video, and the file for its audio; None is standard output."""

    source: Source
    target: Path | None


class End(StrEnum):
    """The ways in which it ends for a video."""

    CONVERTED = "converted"
    DOWNLOADED = "downloaded"
    """It was converted before."""
    UNCHANGED = "unchanged"
    """Its audio is here already."""
    FAILED = "failed"
    NOT_BEGUN = "not begun"


class Outcome(Struct, frozen=True):
    """The end of one video. `why` is a sentence about what failed; `job` has the audio.

    `for_all`: the other videos would end so, too.
    """

    task: Task
    end: End
    job: Job | None = None
    job_id: str = ""
    why: str = ""
    code: Exit = Exit.OK
    for_all: bool = False

    @property
    def is_good(self) -> bool:
        """True if the audio is where it was asked for."""
        return self.end not in (End.FAILED, End.NOT_BEGUN)


def failed(task: Task, error: Exception, job_id: str = "") -> Outcome:
    """Return the outcome of a video that an error has ended.

    A gateway that will not fetch an address may still take files.
    """
    unread = isinstance(error, OSError) and error.filename == str(task.source.file)
    gone = unread and isinstance(error, FileNotFoundError)
    return Outcome(
        task,
        End.FAILED,
        job_id=job_id,
        why="it is not there any more" if gone else in_words(error),
        code=Exit.NOINPUT if unread else code_for(error),
        for_all=_is_for_all(error) and not (task.source.url and isinstance(error, RequestRefused)),
    )


def in_words(error: Exception) -> str:
    """Return an error as a sentence."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def code_for(error: Exception) -> Exit:
    """Return the exit code of one video that this has ended."""
    return exit_for(error, CODES) if isinstance(error, TonearmError) else Exit.CANTCREAT


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """Return the exit code of all: of one video its own, of several the number that failed."""
    if len(outcomes) == 1:
        return outcomes[0].code
    failures = sum(not each.is_good for each in outcomes)
    return min(FAILED_BASE + failures, FAILED_MOST) if failures else Exit.OK


def summary(outcomes: Sequence[Outcome]) -> list[str]:
    """Return lines about all videos; failures are repeated where there were many videos."""
    counts = Counter(each.end for each in outcomes)
    words = {
        End.CONVERTED: "converted",
        End.DOWNLOADED: "converted before, and downloaded",
        End.UNCHANGED: "there already",
        End.FAILED: "failed",
        End.NOT_BEGUN: "not begun",
    }
    told = ", ".join(f"{counts[end]:,} {word}" for end, word in words.items() if counts[end])
    failures = [each for each in outcomes if each.end is End.FAILED and len(outcomes) > _REPEATED]
    return [f"{len(outcomes):,} videos: {told}", *(f"  {shown(each)}" for each in failures)]


def shown(failure: Outcome) -> str:
    """Return the line about a failure."""
    return (
        f"{failure.task.source.path if failure.task.source.file else failure.task.source.name}: {failure.why}"
    )


def _is_for_all(error: Exception) -> bool:
    match error:
        case CredentialsMissing() | OptionsRefused() | SignInRefused() | Unreachable():
            return True
        case RequestRefused():
            return error.status in _FULL or is_spent(error)
        case OSError(errno=number):
            return number in _NO_ROOM
    return False
