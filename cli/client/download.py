"""Fetching a job's audio, or a ZIP: whole or not at all. A broken connection costs only what is missing.

The bytes go to a hidden file beside the target, which takes the target's place at the end in one step.
For a pipe they go to a nameless file first.
After a break the rest is asked for by Range, guarded by If-Range (RFC 9110, 13.1.5): should the gateway
hold other bytes by now, it sends all of them and the file begins again. What has come of a ZIP stays, so
that the next try goes on there.
"""

import errno
import hashlib
import io
import re
import secrets
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import httpx

from cli.client.answers import Archive, Job
from cli.client.contents import Count
from cli.client.errors import ClientError, DownloadDamaged, RequestRefused
from cli.client.gateway import Gateway, unreachable
from cli.client.patience import Trouble, is_passing
from cli.client.placing import place

_PART = re.compile(r"\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9a-f]{8}\.part")
"""The names of audio that is not whole: a job's id, and a number by chance."""
_ABANDONED_AFTER = 24 * 3600.0
"""Seconds without a write. One that is under way writes, or gives up; the machine may have slept."""


def download(gateway: Gateway, job: Job, target: Path, got: Count, may_replace: Callable[[], bool]) -> None:
    """Write the job's audio to `target`. Raises ClientError, OSError.

    `may_replace` is asked in the end about a file that is there by then: it may have come meanwhile.
    """
    _sweep(target.parent)
    # Not the target's name, which may be as long as names can be; and somebody else may download it, too.
    part = target.with_name(f".{job.job_id}.{secrets.token_hex(4)}.part")
    try:
        with part.open("w+b") as file:
            _fetch_whole(gateway, job, file, got)
        _put(part, target, lambda: not target.exists() or may_replace())  # or a link that leads nowhere
    finally:
        part.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what downloads into this folder left that were killed."""
    with suppress(OSError):
        for file in folder.iterdir():
            if _PART.fullmatch(file.name) and time.time() - file.stat().st_mtime > _ABANDONED_AFTER:
                file.unlink()


def download_archive(gateway: Gateway, archive: Archive, target: Path, got: Count, *, force: bool) -> None:
    """Write the ZIP to `target`; `force` replaces what is there by then. Raises ClientError, OSError."""
    part = target.with_name(f".{archive.archive_id}.part")
    part.touch()
    with part.open("r+b") as file:
        with unreachable(gateway.url), gateway.asking("HEAD", archive.url) as answer:
            etag = _strong(answer.headers.get("ETag", ""))
        if file.seek(0, io.SEEK_END) >= archive.bytes:  # of another ZIP, or all of this one
            file.seek(0)
        _fetch(gateway, archive.url, file, got, etag)
    if not _is_sound(part):
        part.unlink()
        raise DownloadDamaged("the ZIP arrived damaged: the checksum of a file in it is wrong")
    _put(part, target, lambda: force)


def _put(part: Path, target: Path, may_replace: Callable[[], bool]) -> None:
    """Give what is whole its name, whatever has come there in any moment before."""
    try:
        place(part, target)
    except FileExistsError as error:
        if not may_replace():
            told = "another file has come there meanwhile"
            raise FileExistsError(errno.EEXIST, told, str(target)) from error
        part.replace(target)


def _is_sound(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except zipfile.BadZipFile:
        return False


def pour(gateway: Gateway, job: Job, output: BinaryIO, got: Count) -> None:
    """Write the job's audio to a pipe, once all of it is here. Raises ClientError, OSError."""
    with tempfile.TemporaryFile() as file:
        # On Windows it is of another class, with the same methods.
        _fetch_whole(gateway, job, file, got)  # type: ignore[arg-type, unused-ignore]
        file.seek(0)
        shutil.copyfileobj(file, output)
        output.flush()


def _fetch_whole(gateway: Gateway, job: Job, file: io.BufferedRandom, got: Count) -> None:
    if job.audio is None:
        raise ClientError("the job has no audio")
    _fetch(gateway, job.audio.url, file, got)
    file.seek(0)
    if hashlib.file_digest(file, "sha256").hexdigest() != job.audio.sha256:
        raise DownloadDamaged("the audio arrived damaged: its SHA-256 is not the one in the job's timeline")


def _fetch(gateway: Gateway, path: str, file: BinaryIO, got: Count, etag: str = "") -> None:
    """Write from the file's place on what `path` has. `etag` is that of the bytes before it."""
    trouble = Trouble(gateway.url)
    while True:
        before = file.tell()
        headers = {"Accept-Encoding": "identity"}
        if before and etag:
            headers |= {"Range": f"bytes={before}-", "If-Range": etag}
        try:
            with gateway.asking("GET", path, headers=headers) as answer:
                etag = _strong(answer.headers.get("ETag", ""))
                _position(file, answer)
                for block in answer.iter_raw():
                    file.write(block)
                    got(file.tell())
            return
        except (httpx.TransportError, RequestRefused) as error:
            if not is_passing(error):
                raise
            if file.tell() > before:
                trouble.over()
            trouble.wait(error)


def _position(file: BinaryIO, answer: httpx.Response) -> None:
    """Go to where the answer's first byte belongs."""
    start = 0
    if answer.status_code == httpx.codes.PARTIAL_CONTENT:
        match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
        if match is None or int(match[1]) > file.tell():
            raise ClientError("the gateway answered with another range than asked for")
        start = int(match[1])
    file.seek(start)
    file.truncate()


def _strong(etag: str) -> str:
    """Return the tag unless it is weak: If-Range takes strong ones only."""
    return "" if etag.startswith("W/") else etag
