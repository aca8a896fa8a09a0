"""Answers of the gateway. Fields that this client has no use for are skipped."""

from typing import Annotated, Any, TypeVar

import httpx
import msgspec
from msgspec import Meta, Struct

from cli.client.errors import (
    ClientError,
    NotAsItStands,
    NotThere,
    OptionsRefused,
    RequestRefused,
    SignInRefused,
    Troubled,
)

T = TypeVar("T")
_Printable = Annotated[str, Meta(pattern=r"\A[!-~]+\Z")]
"""Goes into a header, and no further than a header's end."""
_NOT_AS_ASKED = ("/problems/bad-options", "/problems/bad-parameters", "/problems/bad-field")
"""Types of problems, as `service.known_problems` has them: importing that would bring a web framework."""


_NOT_UNDERSTOOD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Audio(Struct, frozen=True):
    """The audio of a job; `sha256` in hex; `url` as a path; `parts` is the number of files in a ZIP.

    `left_out` are the titles of chapters without sound. `notice` is a sentence about what is wrong with it;
    empty: nothing is.
    """

    url: str
    bytes: int
    duration_seconds: float
    sha256: str
    filename: str = ""
    parts: int = 0
    left_out: tuple[str, ...] = ()
    notice: str = ""
    seconds_saved: float = 0.0
    """By pauses that were shortened."""


class Video(Struct, frozen=True):
    """The uploaded video; `sha256` in hex. `removed_at`: when it was let go of, None while it is there."""

    bytes: int
    sha256: str
    removed_at: str | None = None


class Failure(Struct, frozen=True):
    """The reason why there is no audio: a code for programs, a sentence for people."""

    code: str
    message: str


class Entry(Struct, frozen=True):
    """One event of a job's timeline; `time` is RFC 3339."""

    type: str
    time: str
    note: str = ""


class Queue(Struct, frozen=True):
    """A job's place among those that wait (0: it is worked on), and a range of seconds until it is done."""

    place: int
    seconds_min: int | None = None
    seconds_max: int | None = None


class Expires(Struct, frozen=True):
    """The times at which the video goes, the audio, and all of the job; RFC 3339, None where nothing goes."""

    video: str | None = None
    audio: str | None = None
    job: str | None = None


class Job(Struct, frozen=True):
    """A job as far as this client cares. `done`: no work is under way or waiting. Times are RFC 3339."""

    job_id: str
    state: str
    done: bool
    filename: str = ""
    run: int = 1
    attempt: int = 0
    created: str = ""
    finished_at: str | None = None
    video: Video | None = None
    options: dict[str, Any] = {}
    audio: Audio | None = None
    error: Failure | None = None
    timeline: tuple[Entry, ...] = ()
    queue: Queue | None = None
    expires: Expires = Expires()


class Jobs(Struct, frozen=True):
    """A page of jobs, newest first."""

    items: list[Job]
    next_cursor: str | None = None


class Refusal(Struct, frozen=True):
    """A job that is left out where something is asked of many, and why."""

    job_id: str
    detail: str


class Archive(Struct, frozen=True):
    """A ZIP of the audio of jobs; `url` as a path. Of those in `refused` there is none."""

    archive_id: str
    url: str
    bytes: int
    files: int
    refused: list[Refusal]


class Import(Struct, frozen=True):
    """A video that the gateway fetches. `bytes_total`: None until it is known. `trouble`: why it waits."""

    import_id: str
    state: str
    bytes_done: int = 0
    bytes_total: int | None = None
    trouble: str = ""
    error: Failure | None = None


class Preset(Struct, frozen=True):
    """A preset of the account's."""

    name: str


class Presets(Struct, frozen=True):
    """All presets of the account."""

    items: list[Preset]


class OptionFault(Struct, frozen=True):
    """An option that cannot be had as asked."""

    name: str
    detail: str


class Checked(Struct, frozen=True):
    """The options that an upload would have, by `POST /options/check`; None where there are faults."""

    options: dict[str, Any] | None = None
    faults: tuple[OptionFault, ...] = ()


class Token(Struct, frozen=True):
    """The answer to a sign-in or a refresh; seconds. The repr shows neither token."""

    access_token: _Printable
    expires_in: int = 0
    refresh_token: str = ""

    def __repr__(self) -> str:
        return "Token(…)"


def refusal(answer: httpx.Response) -> RequestRefused:
    """Return the error of a read answer: the problem document's detail, else its title, else the status."""
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except _NOT_UNDERSTOOD:
        problem = {}
    reason = problem.get("detail") or problem.get("title") or answer.reason_phrase or "no reason given"
    kind = OptionsRefused if problem.get("type") in _NOT_AS_ASKED else _kind(answer.status_code)
    return kind(answer.status_code, str(reason).rstrip("."), problem)


def _kind(status: int) -> type[RequestRefused]:
    match status:
        case 401 | 403:
            return SignInRefused
        case 404 | 410:
            return NotThere
        case 409 | 429:
            return NotAsItStands
        case _:
            return Troubled if status >= httpx.codes.INTERNAL_SERVER_ERROR else RequestRefused


def read_as(answer: httpx.Response, kind: type[T]) -> T:
    """Read an answer's body. Raises ClientError when it is not of this kind."""
    try:
        return msgspec.json.decode(answer.read(), type=kind)
    except _NOT_UNDERSTOOD as error:
        raise ClientError(f"the gateway's answer to {answer.request.url.path} is not understood") from error
