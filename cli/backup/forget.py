"""`tonearm forget DIR`: take out of a backup what was erased since it was taken.

The stack at work shows which keys of jobs are destroyed and which accounts are erased. Out of the backup go
these keys, the files that the stack has no longer, and every document that names such an account. The log
stays as it is: without the keys nobody reads what people typed. The events of the erasures are written beside
it, so that a restored stack knows of them.

It may be killed at any moment and called again. What changes is written beside the old files, then the
manifest; then the new files take their places.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from pymongo.asynchronous.database import AsyncDatabase

from cli.backup import collections
from cli.backup.collections import CHUNKS, BackupDamaged, Document, Saved
from cli.backup.folder import (
    DIRECTORY,
    EXITS,
    LOG,
    Manifest,
    collection_file,
    read_manifest,
    write_erasures,
    write_manifest,
)
from cli.log.file import bodies
from cli.log.log import Line, Log, line
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.tree.command import command
from events.log.stream import First
from events.privacy import job_keys
from events.privacy.job_keys import JobKeys
from events.types import AccountErased, JobErased, JobTranscriptRemoved
from events.views.projector import identity
from service.blobs import Blob
from service.settings import load

FILES = ".files"
_NEW = ".forgetful"
_TELLS = re.compile(
    rb'"type":"(?:job\.(?:deleted|erased|video_removed|audio_removed|transcript_removed)|account\.erased)"'
)
_AT_ONCE = 50


class Erased(NamedTuple):
    """The jobs that the stack has forgotten, by the documents that stand for their keys, and the accounts.

    `files`: the jobs of which files were erased, also where the job itself is still there.
    """

    jobs: dict[str, Document]
    accounts: frozenset[str]
    files: frozenset[str]

    def names(self, document: Document) -> bool:
        """Return True if a document names an erased account."""
        return any(isinstance(value, str) and value in self.accounts for value in document.values())

    def owned(self, file: Document) -> bool:
        """Return True if a stored file belongs to what is erased."""
        blob = Blob.of(file)
        return blob.job_id in self.files or blob.job_id in self.jobs or blob.account in self.accounts


@command(examples=["tonearm forget saved/2026-11-30"], exits=EXITS)
@DIRECTORY
def forget(directory: Path) -> None:
    """Take out of a backup what was erased since it was taken.

    It asks the stack at work. It may be broken off, and called again.
    """
    os.umask(0o077)
    manifest = read_manifest(directory)
    _finish(directory, manifest)
    asyncio.run(_forget(directory, manifest, load(Servers, os.environ)))


def _finish(directory: Path, manifest: Manifest) -> None:
    """Finish what was broken off: the manifest shows whether the new files or the old ones count."""
    for name, saved in manifest.collections.items():
        new = _new(directory, name)
        if not new.exists():
            continue
        try:
            collections.check(new, saved)
        except BackupDamaged:
            new.unlink()
        else:
            new.replace(collection_file(directory, name))


async def _forget(directory: Path, manifest: Manifest, servers: Servers) -> None:
    erasures = await _erasures(Log(servers.need("stream_url"), say))
    accounts = _subjects(erasures, AccountErased.TYPE)
    files = _subjects(erasures, JobErased.TYPE) | _subjects(erasures, JobTranscriptRemoved.TYPE)
    async with servers.database() as database:
        times = await JobKeys(database).destroyed()
        jobs = {job_id: {"_id": job_id, "destroyed": time} for job_id, time in times.items()}
        forgetting = _Forgetting(directory, database, Erased(jobs, accounts, files))
        after, touched = dict(manifest.collections), 0
        for name, saved in manifest.collections.items():
            if (change := await forgetting.change(name)) is None:
                continue
            file, new = collection_file(directory, name), _new(directory, name)
            after[name], changed = collections.rewrite(file, new, saved, change)
            touched += changed
            if not changed:
                new.unlink()
    forgetful = Manifest(collections=after, erasures=_append(directory, erasures))
    write_manifest(directory, forgetful)
    _finish(directory, forgetful)
    told = f"{len(jobs):,} jobs and {len(accounts):,} accounts are erased"
    print(f"{directory}: {touched:,} documents forgotten; {told}")


class _Forgetting:
    """Decides, collection after collection, what of a backup goes."""

    def __init__(self, directory: Path, database: AsyncDatabase[Any], erased: Erased) -> None:
        self._directory, self._database, self._erased = directory, database, erased
        self._lost: dict[str, set[Any]] = {}
        """By bucket: the files that go, and so their chunks."""

    async def change(self, name: str) -> Callable[[Document], Document | None] | None:
        """Return what becomes of each document of a collection; None where all stay as they are."""
        erased, (bucket, _, _) = self._erased, name.rpartition(".")
        if name == job_keys.COLLECTION:
            return lambda each: erased.jobs.get(each["_id"], each) if "key" in each else each
        if name.endswith(FILES):
            lost = self._lost[bucket] = await self._files(name)
            return (lambda each: None if each["_id"] in lost else each) if lost else None
        if name.endswith(CHUNKS):
            lost = self._lost.get(bucket, set())
            return (lambda each: None if each["files_id"] in lost else each) if lost else None
        return (lambda each: None if erased.names(each) else each) if erased.accounts else None

    async def _files(self, name: str) -> set[Any]:
        """Return the saved files of what is erased, but those that the stack still has: others need them."""
        found: set[Any] = set()
        saved = collections.documents(collection_file(self._directory, name))
        while some := list(islice(filter(self._erased.owned, saved), _AT_ONCE)):
            ids = {each["_id"] for each in some}
            there = self._database[name].find({"_id": {"$in": list(ids)}}, {"_id": 1})
            found |= ids - {each["_id"] async for each in there}
        return found


async def _erasures(log: Log) -> list[Line]:
    """Return the log's events of deletions, removals, erased accounts. Raises Unavailable, LogDamaged."""
    found: list[Line] = []
    if (ends := await log.ends()) is not None:
        async with contextlib.aclosing(log.read(First(), ends.last)) as batches:
            async for batch in batches:
                found += [line(record) for record in batch if _TELLS.search(record.body)]
    return found


def _append(directory: Path, erasures: list[Line]) -> Saved:
    """Write the events that the saved log lacks beside it. Raises FileDamaged."""
    known = {identity(body) for body in bodies(directory / LOG) if _TELLS.search(body)}
    return write_erasures(directory, [e for e in erasures if e.event and e.event.id not in known])


def _subjects(erasures: list[Line], type_: str) -> frozenset[str]:
    return frozenset(each.event.subject for each in erasures if each.event and each.event.type == type_)


def _new(directory: Path, name: str) -> Path:
    return collection_file(directory, name).with_suffix(_NEW)
