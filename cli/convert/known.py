"""The jobs that a gateway has of a video already, and the least that is left to do. The decision is pure."""

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from cli.client.answers import Job, Jobs, read_as
from cli.client.contents import Count
from cli.client.gateway import Gateway, unreachable
from events.options import Options
from events.projections.job_view import State
from events.types import FailureCode

MOST = 200
"""Jobs of one video that are looked at: the latest."""
_BLOCK = 1024 * 1024
_UNSAID: dict[str, Any] = {
    field.name: msgspec.to_builtins(getattr(Options(), field.name))
    for field in msgspec.structs.fields(Options)
}
"""The options of a job that its gateway leaves out, as they are what everybody has."""


_LASTING = {
    FailureCode.NO_AUDIO,
    FailureCode.TRACK_MISSING,
    FailureCode.ONLY_SILENCE,
    FailureCode.OUT_OF_RANGE,
    FailureCode.NOT_MEDIA,
    FailureCode.ENCRYPTED,
    FailureCode.TRUNCATED,
}
"""Failures that the same video has with the same options every time. A limit or a codec may be otherwise
at the next try."""


class _Accepted(Struct, frozen=True):
    job_id: str


class Step(Enum):
    """The least that brings the audio here."""

    NOTHING = auto()
    """It is here."""
    DOWNLOAD = auto()
    """It was made."""
    FOLLOW = auto()
    """It is being made."""
    FAILED = auto()
    """It failed, for a reason that lies in the video and the options: it would again."""
    CONVERT = auto()
    """The video is there: it becomes another output."""
    UPLOAD = auto()


class Decision(NamedTuple):
    """A step, and the job that it is about; None for an upload."""

    step: Step
    job: Job | None = None


class Turns:
    """Lets copies of a video look for its jobs one after the other: each knows what the last began."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._turns: dict[str, tuple[threading.Lock, list[str]]] = {}

    @contextmanager
    def of(self, sha256: str) -> Iterator[list[str]]:
        """Give the turn of a video: the ids of its jobs that were begun before, and a place for one more.

        Without a hash there is nobody to wait for.
        """
        if not sha256:
            yield []
            return
        with self._mutex:
            lock, begun = self._turns.setdefault(sha256, (threading.Lock(), []))
        with lock:
            yield begun


def decided(known: Sequence[Job], options: Mapping[str, Any], here: str | None) -> Decision:
    """Return what is left to be done.

    `known` are the account's jobs of this very video, newest first; `here` is the SHA-256 of the file where
    its audio would go.
    """
    same = [job for job in known if _is_as_asked(job, options)]
    made = [job for job in same if job.audio and job.done]
    for job in made:
        if job.audio and job.audio.sha256 == here:
            return Decision(Step.NOTHING, job)
    if made:
        return Decision(Step.DOWNLOAD, made[0])
    for job in same:
        if not job.done:
            return Decision(Step.FOLLOW, job)
    for job in same:
        if job.error and job.error.code in _LASTING:
            return Decision(Step.FAILED, job)
    return anew(known)


def anew(known: Sequence[Job]) -> Decision:
    """Return how the video is converted once more, whatever was made of it."""
    for job in known:
        if job.video and job.video.removed_at is None and job.state != State.DELETED:
            return Decision(Step.CONVERT, job)
    return Decision(Step.UPLOAD)


def _is_as_asked(job: Job, options: Mapping[str, Any]) -> bool:
    """Return True if the job has exactly these options. Those that this client does not know count, too."""
    names = {*options, *job.options} - {"tags"}
    tags: tuple[Mapping[str, Any], ...] = (options.get("tags") or {}, job.options.get("tags") or {})
    return all(_value(name, options) == _value(name, job.options) for name in names) and all(
        tags[0].get(name) == tags[1].get(name) for name in {*tags[0], *tags[1]}
    )


def _value(name: str, options: Mapping[str, Any]) -> Any:
    return options[name] if name in options else _UNSAID.get(name)


def jobs_known(gateway: Gateway, sha256: str, begun: Sequence[str]) -> list[Job]:
    """Return the account's latest jobs of the video with this SHA-256, newest first. Raises ClientError.

    Those that were `begun` just now are among them, though the gateway's list may lack them yet.
    """
    params = {"video_sha256": sha256, "limit": str(MOST)}
    with unreachable(gateway.url), gateway.asking("GET", "/jobs", params=params) as answer:
        page = read_as(answer, Jobs)
    # Never another video's audio, whatever stands between here and the gateway.
    listed = [job for job in page.items if job.video and job.video.sha256 == sha256]
    ids = {job.job_id for job in listed}
    return [gateway.job(job_id) for job_id in reversed(begun) if job_id not in ids] + listed


def another_output(gateway: Gateway, job: Job, name: str, asked: Mapping[str, str], key: str) -> str:
    """Have the job's video converted with other options; return the new job's id. Raises ClientError.

    `name` is what the video is called now. It is one job for one key, however often it is asked for.
    """
    headers = {"Idempotency-Key": key}
    path = f"/jobs/{job.job_id}/outputs"
    # An older gateway does not know the parameter, so it is only sent where it says something.
    name = os.fsencode(name).decode("utf-8", "replace")
    params = dict(asked) if name == job.filename else {**asked, "filename": name}
    with (
        unreachable(gateway.url),
        gateway.asking("POST", path, params=params, headers=headers, content=b"") as answer,
    ):
        return read_as(answer, _Accepted).job_id


def sha256_of(path: Path, read: Count = lambda _: None) -> str:
    """Return a file's SHA-256 in hex. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            read(file.tell())
    return digest.hexdigest()
