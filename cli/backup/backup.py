"""`tonearm backup DIR`: save a stack at work into a new folder.

Accounts in PostgreSQL or MySQL are those databases' own to save.
"""

import asyncio
import os
from pathlib import Path

from auth.settings import KeySettings
from cli.backup import collections
from cli.backup.folder import (
    DATABASE,
    KEYS,
    LOG,
    BackupRefused,
    Manifest,
    argument,
    collection_file,
    save_keys,
    write_manifest,
)
from cli.exits import Exit
from cli.log.log import Log
from cli.remarks import say
from cli.replay.export_log import export
from cli.servers import Servers
from service.settings import load

_OURS_ALONE = 0o077


def main(argv: list[str]) -> int:
    """Run `tonearm backup`. Raises BackupRefused, Unavailable, InvalidSetting."""
    directory = argument(argv, "backup", "save a running stack: log, database, keys")
    if directory.exists() and any(directory.iterdir()):
        raise BackupRefused(f"{directory} is not empty")
    os.umask(_OURS_ALONE)  # the folder may be there already, open to all
    directory.mkdir(parents=True, exist_ok=True)
    asyncio.run(_backup(directory, load(Servers, os.environ)))
    return Exit.OK


async def _backup(directory: Path, servers: Servers) -> None:
    await export(Log(servers.need("stream_url"), say), directory / LOG)
    (directory / DATABASE).mkdir()
    async with servers.database() as database:
        saved = {
            name: await collections.save(database, name, collection_file(directory, name))
            for name in await collections.names(database)
        }
    keys = save_keys(load(KeySettings, os.environ), directory / KEYS)
    write_manifest(directory, Manifest(collections=saved))
    documents = sum(each.count for each in saved.values())
    print(f"{directory}: saved the log, {documents:,} documents and {keys or 'no'} signing keys")
