"""`tonearm restore DIR`: fill an empty stack, whose services do not run, from a backup."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from auth.settings import KeySettings
from cli.backup import collections
from cli.backup.folder import (
    DIRECTORY,
    EXITS,
    KEYS,
    LOG,
    BackupRefused,
    Manifest,
    collection_file,
    read_erasures,
    read_manifest,
    restore_keys,
)
from cli.log.file import verify
from cli.log.log import Log
from cli.replay.import_log import append, import_file
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.tree.command import command
from events.log import topology
from infra.local import given, state
from infra.local.settings import LocalSettings
from service.settings import load


@command(examples=["tonearm restore saved/2026-11-30"], exits=EXITS)
@DIRECTORY
def restore(directory: Path) -> None:
    """Fill an empty stack, whose services do not run, from a backup.

    Without URLs it starts the local stack's servers in LOCAL_DIR for that time, and `tonearm up` then finds
    the data. Accounts in PostgreSQL or MySQL are those databases' own to restore.
    """
    fill(directory)


def fill(directory: Path) -> None:
    """Restore all of it, or change nothing.

    Raises BackupRefused, BackupDamaged, FileDamaged, Unavailable, InvalidSetting.
    """
    manifest = read_manifest(directory)
    settings = given.settings(os.environ)
    if state.holder(settings.directory) is not None:
        raise BackupRefused(f"the stack in {settings.directory} runs; stop it first (./justw down)")
    verify(directory / LOG)
    for name, saved in manifest.collections.items():
        collections.check(collection_file(directory, name), saved)
    erasures = read_erasures(directory, manifest)
    asyncio.run(_restore(directory, manifest, erasures, settings))


async def _restore(
    directory: Path, manifest: Manifest, erasures: list[bytes], settings: LocalSettings
) -> None:
    async with _reached(settings) as environ:
        servers = load(Servers, {**os.environ, **environ})
        await topology.declare_when_up(servers.need("rabbitmq_url"))
        if await Log(servers.need("stream_url"), say).ends():
            raise BackupRefused("the log is not empty")
        async with servers.database() as database:
            if there := await collections.names(database):
                raise BackupRefused(f"the database is not empty: it holds {', '.join(there)}")
            for name in manifest.collections:
                await collections.restore(database, name, collection_file(directory, name))
        restore_keys(directory / KEYS, load(KeySettings, os.environ))
        await import_file(servers, directory / LOG)
        await append(servers, erasures)
    print(
        "restored; start the services, then `tonearm replay reconcile --work --yes` goes on with what waits"
    )


@asynccontextmanager
async def _reached(settings: LocalSettings) -> AsyncIterator[dict[str, str]]:
    """Give the servers' URLs for a block, with servers of our own where none are set."""
    if settings.rabbitmq_url and settings.mongodb_url:
        yield {}
        return
    from infra.local.services import servers  # its mail catcher is no part of the images

    settings.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    mine, urls = servers(settings)
    try:
        await asyncio.gather(*(server.start() for server in mine))
        yield urls
    finally:
        await asyncio.gather(*(server.stop(8.0) for server in mine))
