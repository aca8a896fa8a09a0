"""`tonearm backup DIR` and `tonearm restore DIR`.

`backup` reads from a stack at work. `restore` fills an empty one whose services do not run: without URLs it
starts the local stack's servers in LOCAL_DIR for that time, and `tonearm up` then finds the data. Accounts in
PostgreSQL or MySQL are those databases' own to save.
"""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from auth.settings import KeySettings
from events import mongodb
from events.errors import Unavailable
from events.replay.cli import main as replay
from events.settings import load
from infra.backup import collections
from infra.backup.collections import BackupDamaged, Saved
from infra.local import given, state
from infra.local.errors import LocalError
from infra.local.services import servers
from infra.local.settings import LocalSettings

LOG, DATABASE, KEYS, MANIFEST = "log.jsonl.gz", "database", "keys", "manifest.json"
ADMIN_PASSWORD = "admin-password"  # noqa: S105 - a file's name
_ANSWER = 300.0
T = TypeVar("T")


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
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if code := replay(["export", str(directory / LOG)]):
        return code
    saved = asyncio.run(_in_database(os.environ, lambda database: _save(database, directory / DATABASE)))
    _copy_keys(load(KeySettings, os.environ), directory / KEYS)
    (directory / MANIFEST).write_bytes(msgspec.json.encode(Manifest(collections=saved)))
    print(
        f"{directory}: saved {sum(each.count for each in saved.values()):,} documents, the log and the keys"
    )
    return 0


def restore(argv: list[str]) -> int:
    """Fill an empty stack from such a folder. Raises Refused, BackupDamaged, Unavailable, InvalidSetting."""
    directory = _directory(argv, "restore", "fill an empty stack, whose services do not run")
    try:
        manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise BackupDamaged(f"{directory} holds no finished backup: {error}") from error
    settings = given.settings(os.environ)
    if state.holder(settings.directory) is not None:
        raise Refused(f"the stack in {settings.directory} runs; stop it first (./justw down)")
    return asyncio.run(_restore(directory, manifest, settings))


async def _restore(directory: Path, manifest: Manifest, settings: LocalSettings) -> int:
    async with _reached(settings) as environ:

        async def fill(database: AsyncDatabase[Any]) -> None:
            if there := await collections.names(database):
                raise Refused(f"the database is not empty: it holds {', '.join(there)}")
            for name, saved in manifest.collections.items():
                await collections.restore(database, name, directory / DATABASE / f"{name}.bson", saved)

        await _in_database(environ, fill)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "events.replay", "import", str(directory / LOG), "--yes"),
            env={**os.environ, **environ},
        )
        if code := await process.wait():
            return code
    _put_keys_back(directory / KEYS, load(KeySettings, os.environ))
    print(
        "restored; start the services, then `tonearm replay reconcile --work --yes` goes on with what waits"
    )
    return 0


@asynccontextmanager
async def _reached(settings: LocalSettings) -> AsyncIterator[dict[str, str]]:
    """Give the servers' URLs for a block, with servers of our own where none are set."""
    settings.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    mine, urls = servers(settings)
    try:
        await asyncio.gather(*(server.start() for server in mine))
        yield urls
    finally:
        await asyncio.gather(*(server.stop(8.0) for server in mine))


async def _save(database: AsyncDatabase[Any], directory: Path) -> dict[str, Saved]:
    directory.mkdir(mode=0o700)
    return {
        name: await collections.save(database, name, directory / f"{name}.bson")
        for name in await collections.names(database)
    }


async def _in_database(environ: Mapping[str, str], work: Callable[[AsyncDatabase[Any]], Awaitable[T]]) -> T:
    url = environ.get("MONGODB_URL", "")
    if not url:
        raise Refused("MONGODB_URL is not set; is the local stack running? `./justw status` tells")
    try:
        async with mongodb.connect(url, answer=_ANSWER, name="tonearm backup") as client:
            return await work(client.get_default_database("tonearm"))
    except PyMongoError as error:
        raise Unavailable(f"MongoDB: {error}") from error


def _copy_keys(settings: KeySettings, target: Path) -> None:
    """Save the keys, and what a local stack keeps beside them. In a cluster they are secrets of its own."""
    target.mkdir(mode=0o700)
    first = settings.first_key_file
    for source, name in (
        (first, first.name),
        (first.parent / "keys", "keys"),
        (Path(settings.local_dir) / ADMIN_PASSWORD, ADMIN_PASSWORD),
    ):
        _copy(source, target / name)


def _put_keys_back(source: Path, settings: KeySettings) -> None:
    first = settings.first_key_file
    first.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _copy(source / first.name, first)
    _copy(source / "keys", first.parent / "keys")
    _copy(source / ADMIN_PASSWORD, Path(settings.local_dir) / ADMIN_PASSWORD)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.is_file():
        shutil.copy2(source, target)


def _directory(argv: list[str], command: str, summary: str) -> Path:
    parser = argparse.ArgumentParser(prog=f"tonearm {command}", description=summary, epilog=__doc__)
    parser.add_argument("directory", type=Path, metavar="DIR")
    return Path(parser.parse_args(argv).directory).resolve()
