"""`tonearm backup DIR`: save a stack at work into a new folder."""

import asyncio
import contextlib
import os
from pathlib import Path

from auth.settings import KeySettings
from cli.backup import collections
from cli.backup.folder import (
    DATABASE,
    DIRECTORY,
    EXITS,
    KEYS,
    LOG,
    BackupRefused,
    Manifest,
    collection_file,
    save_keys,
    write_erasures,
    write_manifest,
)
from cli.log.log import Line, Log, line
from cli.replay.export_log import export
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.tree.command import command
from events.log.stream import FromOffset
from events.types import AccountErased, JobAudioRemoved, JobDeleted, JobTranscriptRemoved, JobVideoRemoved
from service.settings import load

_OURS_ALONE = 0o077
_DELETIONS = {
    each.TYPE for each in (JobDeleted, JobVideoRemoved, JobAudioRemoved, JobTranscriptRemoved, AccountErased)
}


@command(examples=["tonearm backup saved/2026-11-30"], exits=EXITS)
@DIRECTORY
def backup(directory: Path) -> None:
    """Save a stack at work: its log, its database and its keys, into a new folder.

    Accounts in PostgreSQL or MySQL are those databases' own to save.
    """
    save(directory)


def save(directory: Path) -> None:
    """Save it. Raises BackupRefused, Unavailable, InvalidSetting."""
    if directory.exists() and any(directory.iterdir()):
        raise BackupRefused(f"{directory} is not empty")
    servers = load(Servers, os.environ)
    servers.need("stream_url")  # before there is a folder
    servers.need("mongodb_url")
    os.umask(_OURS_ALONE)  # the folder may be there already, open to all
    directory.mkdir(parents=True, exist_ok=True)
    asyncio.run(_backup(directory, servers))


async def _backup(directory: Path, servers: Servers) -> None:
    log = Log(servers.need("stream_url"), say)
    last = (await export(log, directory / LOG)).last_offset
    (directory / DATABASE).mkdir()
    async with servers.database() as database:
        saved = {
            name: await collections.save(database, name, collection_file(directory, name))
            for name in await collections.names(database)
        }
    keys = save_keys(load(KeySettings, os.environ), directory / KEYS)
    erasures = write_erasures(directory, await _deletions(log, last))
    write_manifest(directory, Manifest(collections=saved, erasures=erasures))
    documents = sum(each.count for each in saved.values())
    print(f"{directory}: saved the log, {documents:,} documents and {keys or 'no'} signing keys")


async def _deletions(log: Log, last: int) -> list[Line]:
    """Return what was taken away while the database was saved, after this offset of the log.

    Whether the bytes are gone is left out: perhaps they were saved, and a restored stack erases them.
    """
    found: list[Line] = []
    if (ends := await log.ends()) is not None and ends.last > last:
        async with contextlib.aclosing(log.read(FromOffset(last + 1), ends.last)) as batches:
            async for batch in batches:
                found += [each for each in map(line, batch) if each.event and each.event.type in _DELETIONS]
    return found
