"""The folder of a backup: the names in it, its manifest, and the keys beside the data."""

import argparse
import shutil
from pathlib import Path

from msgspec import Struct

from auth.settings import KeySettings
from cli.backup.collections import Saved
from cli.errors import Refused

LOG, DATABASE, KEYS, MANIFEST = "log.jsonl.gz", "database", "keys", "manifest.json"
ADMIN_PASSWORD = "admin-password"  # noqa: S105 - a file's name

EPILOG = """`tonearm backup DIR` and `tonearm restore DIR`.

`backup` reads from a stack at work. `restore` fills an empty one whose services do not run: without URLs it
starts the local stack's servers in LOCAL_DIR for that time, and `tonearm up` then finds the data. Accounts in
PostgreSQL or MySQL are those databases' own to save.
"""
"""Ends the help of both commands."""


class BackupRefused(Refused):
    """A stack or a folder is not in the state that saving or filling needs; the text names what to change."""


class Manifest(Struct, frozen=True, kw_only=True):
    """The saved collections of the database, by name."""

    collections: dict[str, Saved]


def argument(argv: list[str], command: str, summary: str) -> Path:
    """Return the folder that the command line names."""
    parser = argparse.ArgumentParser(prog=f"tonearm {command}", description=summary, epilog=EPILOG)
    parser.add_argument("directory", type=Path, metavar="DIR")
    return Path(parser.parse_args(argv).directory).resolve()


def collection_file(directory: Path, collection: str) -> Path:
    """Return the file of one collection."""
    return directory / DATABASE / f"{collection}.bson"


def save_keys(settings: KeySettings, target: Path) -> int:
    """Copy the keys, and what a local stack keeps beside them; return how many keys there were.

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


def restore_keys(source: Path, settings: KeySettings) -> None:
    """Copy the keys back to where auth looks for them."""
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
