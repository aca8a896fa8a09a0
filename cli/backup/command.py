"""`tonearm backup DIR` and `tonearm restore DIR`.

`backup` reads from a stack at work. `restore` fills an empty one whose services do not run: without URLs it
starts the local stack's servers in LOCAL_DIR for that time, and `tonearm up` then finds the data. Accounts in
PostgreSQL or MySQL are those databases' own to save.
"""

import argparse
import asyncio
import os
import shutil
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from auth.settings import KeySettings
from cli.backup import collections
from cli.backup.collections import BackupDamaged, Saved
from cli.remarks import say
from cli.replay import export_log, import_log
from cli.replay.files import verify, written
from cli.replay.log import Log
from cli.servers import Servers
from events.log import topology
from infra.local import given, state
from infra.local.errors import LocalError
from infra.local.settings import LocalSettings
from service.settings import load

LOG, DATABASE, KEYS, MANIFEST = "log.jsonl.gz", "database", "keys", "manifest.json"
ADMIN_PASSWORD = "admin-password"  # noqa: S105 - a file's name
_OURS_ALONE = 0o077


class Refused(LocalError):
    """It cannot be done as things stand; the text says what would have to change."""


class Manifest(Struct, frozen=True, kw_only=True):
    """What was saved of the database, by collection."""

    collections: dict[str, Saved]


def backup(argv: list[str]) -> int:
    """Save a running stack into a new folder. Raises Refused, Unavailable, InvalidSetting."""
    directory = _directory(argv, "backup", "save a running stack: log, database, keys")
    if directory.exists() and any(directory.iterdir()):
        raise Refused(f"{directory} is not empty")
    os.umask(_OURS_ALONE)  # the folder may be there already, open to all
    directory.mkdir(parents=True, exist_ok=True)
    asyncio.run(_backup(directory, load(Servers, os.environ)))
    return 0


def restore(argv: list[str]) -> int:
    """Fill an empty stack from such a folder, or change nothing.

    Raises Refused, BackupDamaged, FileDamaged, Unavailable, InvalidSetting.
    """
    directory = _directory(argv, "restore", "fill an empty stack, whose services do not run")
    try:
        manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise BackupDamaged(f"{directory} holds no finished backup: {error}") from error
    settings = given.settings(os.environ)
    if state.holder(settings.directory) is not None:
        raise Refused(f"the stack in {settings.directory} runs; stop it first (./justw down)")
    verify(directory / LOG)
    for name, saved in manifest.collections.items():
        collections.check(_file(directory, name), saved)
    asyncio.run(_restore(directory, manifest, settings))
    return 0


async def _backup(directory: Path, servers: Servers) -> None:
    await export_log.run(Namespace(file=directory / LOG, force=False), servers)
    (directory / DATABASE).mkdir()
    async with servers.database() as database:
        saved = {
            name: await collections.save(database, name, _file(directory, name))
            for name in await collections.names(database)
        }
    keys = _copy_keys(load(KeySettings, os.environ), directory / KEYS)
    with written(directory / MANIFEST) as file:
        file.write(msgspec.json.encode(Manifest(collections=saved)))
    documents = sum(each.count for each in saved.values())
    print(f"{directory}: saved the log, {documents:,} documents and {keys or 'no'} signing keys")


async def _restore(directory: Path, manifest: Manifest, settings: LocalSettings) -> None:
    async with _reached(settings) as environ:
        servers = load(Servers, {**os.environ, **environ})
        await topology.declare_when_up(servers.need("rabbitmq_url"))
        if await Log(servers.need("stream_url"), say).ends():
            raise Refused("the log is not empty")
        async with servers.database() as database:
            if there := await collections.names(database):
                raise Refused(f"the database is not empty: it holds {', '.join(there)}")
            for name in manifest.collections:
                await collections.restore(database, name, _file(directory, name))
        _put_keys_back(directory / KEYS, load(KeySettings, os.environ))
        await import_log.run(Namespace(file=directory / LOG, resume=False, yes=True), servers)
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


def _file(directory: Path, collection: str) -> Path:
    return directory / DATABASE / f"{collection}.bson"


def _copy_keys(settings: KeySettings, target: Path) -> int:
    """Save the keys, and what a local stack keeps beside them; return how many keys there were.

    In a cluster they are secrets of its own, and none of them is here.
    """
    target.mkdir()
    first = settings.first_key_file
    for source, name in (
        (first, first.name),
        (first.parent / "keys", "keys"),
        (Path(settings.local_dir) / ADMIN_PASSWORD, ADMIN_PASSWORD),
    ):
        _copy(source, target / name)
    return len(list(target.rglob("*.pem")))


def _put_keys_back(source: Path, settings: KeySettings) -> None:
    first = settings.first_key_file
    _copy(source / first.name, first)
    _copy(source / "keys", first.parent / "keys")
    _copy(source / ADMIN_PASSWORD, Path(settings.local_dir) / ADMIN_PASSWORD)


def _copy(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.is_file():
        shutil.copy2(source, target)


def _directory(argv: list[str], command: str, summary: str) -> Path:
    parser = argparse.ArgumentParser(prog=f"tonearm {command}", description=summary, epilog=__doc__)
    parser.add_argument("directory", type=Path, metavar="DIR")
    return Path(parser.parse_args(argv).directory).resolve()
