"""Another project's files in one of our folders, as the folder's `vendored.json` locks them.

`python -m infra.vendored FOLDER` brings them by npm, once the version in the lock was changed. What npm
brings must have the lock's integrity, so change that too: `npm view PACKAGE@VERSION dist.integrity`. Scripts
and styles are kept compressed, as they are served; licences as they come. No network is needed to use them.
"""

import gzip
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64encode
from hashlib import sha256, sha512
from pathlib import Path

import msgspec
from msgspec import Struct

from events.errors import TonearmError

LOCK = "vendored.json"
_COMPRESSED = (".js", ".css")


class NotAsLocked(TonearmError):
    """The files that npm brought, or that lie in the folder, are not those that the lock names."""


class Lock(Struct, frozen=True, kw_only=True):
    """One package of npm. `integrity` is npm's, of all of it; `files` have their SHA-256, in hex."""

    package: str
    version: str
    licence: str
    integrity: str
    files: dict[str, str]


def read_lock(folder: Path) -> Lock:
    """Return the folder's lock."""
    return msgspec.json.decode((folder / LOCK).read_bytes(), type=Lock)


def stored_at(folder: Path, name: str) -> Path:
    """Return where a file of the package lies in the folder."""
    return folder / (f"{name}.gz" if name.endswith(_COMPRESSED) else name)


def content(folder: Path, name: str) -> bytes:
    """Return a file as it is in the package. Raises NotAsLocked when it is another."""
    path = stored_at(folder, name)
    found = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if sha256(found).hexdigest() != read_lock(folder).files[name]:
        raise NotAsLocked(f"{path} is not the file that {LOCK} names")
    return found


def bring(folder: Path) -> None:
    """Fetch the package, write its files, and note their hashes. Raises NotAsLocked."""
    lock = read_lock(folder)
    with tempfile.TemporaryDirectory() as place:
        wanted = f"{lock.package}@{lock.version}"
        subprocess.run(["npm", "pack", wanted, "--silent", "--pack-destination", place], check=True)
        [archive] = Path(place).iterdir()
        integrity = f"sha512-{b64encode(sha512(archive.read_bytes()).digest()).decode()}"
        if integrity != lock.integrity:
            raise NotAsLocked(f"{wanted} has the integrity {integrity}, and {LOCK} names another")
        with tarfile.open(archive) as package:
            files = {name: _member(package, name) for name in lock.files}
    for name, data in files.items():
        path = stored_at(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    hashes = {name: sha256(data).hexdigest() for name, data in files.items()}
    noted = msgspec.json.encode(msgspec.structs.replace(lock, files=hashes))
    (folder / LOCK).write_bytes(msgspec.json.format(noted) + b"\n")


def _member(package: tarfile.TarFile, name: str) -> bytes:
    member = package.extractfile(f"package/{name}")
    if member is None:
        raise NotAsLocked(f"the package has no file {name}")
    return member.read()


if __name__ == "__main__":
    for each in sys.argv[1:]:
        bring(Path(each))
