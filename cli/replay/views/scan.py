"""Reading every stored view.

Many are read in a process of its own: decoding them takes a processor, and folding another.

The process is started by `scan`, and writes what it found to standard output, as msgpack.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, cast
from zlib import crc32

import bson
import msgspec
from pymongo import MongoClient
from pymongo.errors import PyMongoError

import events
from cli.replay.views.differences import digest
from events.errors import Unavailable
from events.views.documents import Document, pack, unpack

AT_ONCE = 2000
FEW = 500
"""Views that are decoded sooner than a process starts."""
_ROOT = Path(events.__file__).parents[1]
_START = f"import sys; sys.path.append(sys.argv[1]); from {__name__} import main; main()"
"""With -P: `-m` would look for modules in the operator's current folder first, and run a `bson.py` there."""


class Fingerprint(NamedTuple):
    """A stored view in short, to compare it: the offsets of its last and its first event, and its digest."""

    seen: int
    begins: int
    digest: bytes


Scan = dict[str, Fingerprint]
"""By job id; about 300 bytes of memory each."""


def part_of(job_id: str, parts: int) -> int:
    """Return which of so many parts a job belongs to."""
    return crc32(job_id.encode()) % parts if parts > 1 else 0


async def scan(collection: str, part: int = 0, parts: int = 1) -> Scan:
    """Scan the views of one part, in the database at MONGODB_URL. Raises Unavailable."""
    found = None
    with suppress(PyMongoError):  # slow or away: the other process is patient, ends at once, and says why
        found = await asyncio.to_thread(_scan, os.environ["MONGODB_URL"], collection, part, parts, most=FEW)
    return await _scan_apart(collection, part, parts) if found is None else found


async def _scan_apart(collection: str, part: int, parts: int) -> Scan:
    command = [sys.executable, "-P", "-c", _START, str(_ROOT), collection, str(part), str(parts)]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Unavailable(f"the views: {err.decode(errors='replace').strip() or 'the scan was ended'}")
    return msgspec.msgpack.decode(out, type=Scan)


def _scan(url: str, collection: str, part: int, parts: int, *, most: int | None = None) -> Scan | None:
    """Scan; return None when there are more views than `most`."""
    found: Scan = {}
    with MongoClient[dict[str, Any]](
        url,
        serverSelectionTimeoutMS=5000,
        socketTimeoutMS=None if most is None else 5000,  # Ctrl-C waits for a thread
        retryReads=most is None,
        appname="tonearm replay",
    ) as client:
        views = client.get_default_database("tonearm")[collection]
        if most is not None and views.estimated_document_count() > most:
            return None
        # Raw batches: decoding a batch in one call is three times as fast as a document at a time.
        for batch in views.find_raw_batches({}, batch_size=AT_ONCE):
            for each in bson.decode_all(cast("bytes", batch)):
                job_id = str(each["_id"])
                if part_of(job_id, parts) == part:
                    found[job_id] = _fingerprint(each)
    return found


def _fingerprint(each: Document) -> Fingerprint:
    try:
        view = unpack(each)
    except (KeyError, TypeError, msgspec.DecodeError):
        return Fingerprint(-1, -1, b"")  # not a view; it will be found different from any
    sound = {**pack(view), "view": each["view"]} == each
    content = each["view"].encode() if sound else bson.encode(each)
    return Fingerprint(view.seen, view.timeline[0].offset if view.timeline else -1, digest(content))


def main() -> None:
    """Scan and write what was found, or why it could not be."""
    collection, part, parts = sys.argv[2:]
    try:
        found = _scan(os.environ["MONGODB_URL"], collection, int(part), int(parts))
    except PyMongoError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))
