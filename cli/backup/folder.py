"""The folder of a backup: the names in it, its manifest, and the keys beside the data."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from auth.settings import KeySettings
from cli.backup.collections import BackupDamaged, Saved
from cli.errors import Refused
from cli.exits import Exit
from cli.log.file import bodies, written
from cli.log.formats import as_json
from cli.log.log import Line

LOG, DATABASE, KEYS, MANIFEST = "log.jsonl.gz", "database", "keys", "manifest.json"
ERASURES = "erasures.jsonl"
"""Events of after the backup that tell what was erased since, as lines of an exported log."""
ADMIN_PASSWORD = "admin-password"  # noqa: S105 - a file's name

DIRECTORY = click.argument(
    "directory",
    metavar="DIR",
    type=click.Path(file_okay=False, resolve_path=True, path_type=Path),
    help="the folder of the backup",
)
EXITS: Mapping[Exit, str] = {
    Exit.DATAERR: "the backup is damaged, or not finished",
    Exit.REFUSED: "the state of the folder or the stack is in the way",
    Exit.UNAVAILABLE: "a server is away",
}


class BackupRefused(Refused):
    """A stack or a folder is not in the state that saving or filling needs; the text names what to change."""


class Manifest(Struct, frozen=True, kw_only=True):
    """The saved collections of the database, by name, and the events of erasures after the saved log."""

    collections: dict[str, Saved]
    erasures: Saved | None = None


def read_manifest(directory: Path) -> Manifest:
    """Return the manifest of a finished backup. Raises BackupDamaged."""
    try:
        return msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise BackupDamaged(f"{directory} holds no finished backup: {error}") from error


def read_erasures(directory: Path, manifest: Manifest) -> list[bytes]:
    """Return the events of erasures after the saved log. Raises BackupDamaged, FileDamaged."""
    file = directory / ERASURES
    if manifest.erasures is None:
        return []
    content = file.read_bytes() if file.exists() else b""
    if hashlib.sha256(content).hexdigest() != manifest.erasures.sha256:
        raise BackupDamaged(f"{file} is not what the manifest says; `tonearm forget` writes it anew")
    return list(bodies(file))


def write_erasures(directory: Path, erasures: Sequence[Line]) -> Saved:
    """Write the events of erasures after the saved log."""
    lines = [as_json(each) + b"\n" for each in erasures]
    with written(directory / ERASURES) as file:
        file.writelines(lines)
    return Saved(count=len(lines), sha256=hashlib.sha256(b"".join(lines)).hexdigest())


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write the manifest, by which the backup is finished."""
    with written(directory / MANIFEST) as file:
        file.write(msgspec.json.encode(manifest))


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
