"""Collections as files: BSON documents one after the other, which is mongodump's format, too."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import bson
from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase

from cli.errors import FileDamaged
from cli.log.file import written

MADE_ANEW = (
    *("jobs_v", "usage_v", "projections", "erased_accounts", "history_", "webhook_deliveries"),
    *("leases", "idempotency_keys", "admissions", "request_counts", "archives", "imports", "devices"),
)
"""Prefixes of collections that are not saved: views are made of the log, the rest is of the moment."""
CHUNKS, PENDING = ".chunks", ".pending"
_BATCH_BYTES = 4 << 20
_CHUNKS_AT_ONCE = 8
"""SecantusDB reads all that a cursor would yield into memory, so chunks are asked for a few at a time."""
_FILES_AT_ONCE = 100

Document = dict[str, Any]
Documents = AsyncIterator[Document]


class BackupDamaged(FileDamaged):
    """A saved collection is not what its manifest describes."""


class Saved(Struct, frozen=True, kw_only=True):
    """The count and the hash by which the file of a collection is known to be whole."""

    count: int
    sha256: str


async def names(database: AsyncDatabase[Any]) -> list[str]:
    """Return the collections that are worth saving; GridFS's chunks after the files they belong to."""
    found = await database.list_collection_names()
    kept = [
        name for name in found if not name.startswith((*MADE_ANEW, "system.")) and not name.endswith(PENDING)
    ]
    return sorted(kept, key=lambda name: (name.endswith(CHUNKS), name))


async def save(database: AsyncDatabase[Any], name: str, file: Path) -> Saved:
    """Write a collection into a file, which appears whole or not at all. Raises PyMongoError."""
    count, content = 0, hashlib.sha256()
    documents = _chunks(database, name) if name.endswith(CHUNKS) else _all(database, name)
    with written(file) as output:
        async for document in documents:
            data = bson.encode(document)
            content.update(data)
            output.write(data)
            count += 1
    return Saved(count=count, sha256=content.hexdigest())


def check(file: Path, saved: Saved) -> None:
    """Read a file of a collection. Raises BackupDamaged unless it is as it was saved."""
    content = hashlib.sha256()
    count = 0
    for data in _documents(file):
        content.update(data)
        count += 1
    if (count, content.hexdigest()) != (saved.count, saved.sha256):
        raise BackupDamaged(f"{file} is not what the manifest says: {count:,} documents")


def rewrite(
    file: Path, target: Path, saved: Saved, change: Callable[[Document], Document | None]
) -> tuple[Saved, int]:
    """Write a collection's file anew, each document as `change` returns it; None drops one.

    Returns what was written, and the number of documents that changed or went. Raises BackupDamaged unless
    the file is as it was saved.
    """
    before, after, read, count, touched = hashlib.sha256(), hashlib.sha256(), 0, 0, 0
    with written(target) as output:
        for data in _documents(file):
            before.update(data)
            read += 1
            document = bson.decode(data)
            changed = change(document)
            touched += changed is not document
            if changed is None:
                continue
            rest = data if changed is document else bson.encode(changed)
            after.update(rest)
            output.write(rest)
            count += 1
        if (read, before.hexdigest()) != (saved.count, saved.sha256):
            raise BackupDamaged(f"{file} is not what the manifest says: {read:,} documents")
    return Saved(count=count, sha256=after.hexdigest()), touched


def documents(file: Path) -> Iterator[Document]:
    """Yield the documents of a file. Raises BackupDamaged."""
    return map(bson.decode, _documents(file))


async def restore(database: AsyncDatabase[Any], name: str, file: Path) -> None:
    """Fill a collection from a file. Raises BackupDamaged, PyMongoError."""
    for documents in _batches(file):
        await database[name].insert_many(documents)


async def _all(database: AsyncDatabase[Any], name: str) -> Documents:
    async for document in database[name].find():
        yield document


async def _chunks(database: AsyncDatabase[Any], name: str) -> Documents:
    """Yield the chunks of every file there is; those of none are orphans."""
    async for file in _files(database, name.removesuffix(CHUNKS) + ".files"):
        count = -(-file["length"] // file["chunkSize"])
        for first in range(0, count, _CHUNKS_AT_ONCE):
            some = {"$gte": first, "$lt": first + _CHUNKS_AT_ONCE}
            for chunk in await database[name].find({"files_id": file["_id"], "n": some}).to_list():
                yield chunk


async def _files(database: AsyncDatabase[Any], name: str) -> Documents:
    """Yield GridFS's files, asked for some at a time: a cursor is closed when nobody has asked for 10 min."""
    newer: dict[str, Any] = {}
    while files := await database[name].find(newer).sort("_id").limit(_FILES_AT_ONCE).to_list():
        for file in files:
            yield file
        newer = {"_id": {"$gt": files[-1]["_id"]}}


def _documents(file: Path) -> Iterator[bytes]:
    """Yield the documents, undecoded. Each begins with its length (bsonspec.org). Raises BackupDamaged."""
    with file.open("rb") as source:
        while head := source.read(4):
            rest = source.read(max(int.from_bytes(head, "little") - 4, 0))
            if len(head) + len(rest) != int.from_bytes(head, "little"):
                raise BackupDamaged(f"{file} ends in the middle of a document")
            yield head + rest


def _batches(file: Path) -> Iterator[list[dict[str, Any]]]:
    documents: list[dict[str, Any]] = []
    size = 0
    for data in _documents(file):
        documents.append(bson.decode(data))
        size += len(data)
        if size >= _BATCH_BYTES:
            yield documents
            documents, size = [], 0
    if documents:
        yield documents
