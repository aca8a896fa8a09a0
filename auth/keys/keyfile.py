"""Signing keys as files: Ed25519 private keys in PEM (PKCS 8), encrypted where a passphrase is given.

The first is made at the first start and kept. Later ones lie in a folder, each named by the time it was made.
Files are never changed, so replicas may share the folder: if two rotate at once there are two new keys, which
is harmless.
"""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auth.errors import KeyUnusable
from auth.keys.keyring import SigningKey, signing_key

_NAME = "%Y%m%dT%H%M%SZ"

log = structlog.get_logger()


class KeyFiles:
    """The first key's file, and the folder of those that follow. Every method raises KeyUnusable."""

    def __init__(self, first: Path, folder: Path, passphrase: str = "") -> None:
        self._first, self._folder, self._passphrase = first, folder, passphrase.encode() or None
        self._known: dict[str, SigningKey] = {}

    def read(self) -> list[SigningKey]:
        """Return all keys; the first is made if there is none. Each file is decrypted once."""
        key = self._known.get("")
        self._known[""] = key or signing_key(load_or_create(self._first, self._passphrase))
        try:
            paths = {path.name: path for path in self._folder.glob("*.pem")}
            found = {name: self._known.get(name) or self._load(path) for name, path in paths.items()}
        except FileNotFoundError:  # a replica has just removed it
            return list(self._known.values())
        except OSError as error:
            raise KeyUnusable(f"the signing keys in {self._folder}: {error.strerror}") from error
        self._known = {"": self._known[""], **found}
        return list(self._known.values())

    def add(self, now: datetime) -> SigningKey:
        """Make a key that follows all others."""
        key = signing_key(Ed25519PrivateKey.generate(), now.replace(microsecond=0))
        name = f"{now.astimezone(UTC):{_NAME}}-{key.kid[:8]}.pem"
        try:
            _write(self._folder / name, key.key, self._passphrase)
        except OSError as error:
            raise KeyUnusable(f"a signing key in {self._folder}: {error.strerror}") from error
        return key

    def remove_all_but(self, keys: list[SigningKey]) -> None:
        """Remove from the folder what signs and verifies nothing any more."""
        kids = {key.kid for key in keys}
        for name, key in self._known.items():
            if name and key.kid not in kids:
                (self._folder / name).unlink(missing_ok=True)

    def made(self, key: SigningKey) -> datetime:
        """Return when a key was made; of the first only its file knows."""
        if self._known.get("") == key:
            return datetime.fromtimestamp(self._first.stat().st_mtime, UTC)
        return key.created

    def secret(self, purpose: str) -> bytes:
        """Return 32 bytes for another purpose, derived from the first key: all replicas get the same."""
        first = load_or_create(self._first, self._passphrase)
        return HKDF(hashes.SHA256(), 32, salt=None, info=purpose.encode()).derive(first.private_bytes_raw())

    def _load(self, path: Path) -> SigningKey:
        try:
            created = datetime.strptime(path.name.split("-")[0], _NAME).replace(tzinfo=UTC)
        except ValueError:
            raise KeyUnusable(f"the signing key {path} is not named by when it was made") from None
        return signing_key(_load(path, self._passphrase), created)


def load_or_create(path: Path, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Return the key in the file, made if there is none (mode 0600). Raises KeyUnusable.

    Of two processes that start at once, both return the same key. A damaged file is never replaced:
    that would void every token without a word.
    """
    try:
        if not path.exists():
            _write(path, Ed25519PrivateKey.generate(), passphrase)
        return _load(path, passphrase)
    except OSError as error:
        raise KeyUnusable(f"the signing key {path}: {error.strerror}") from error


def _load(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    pem = path.read_bytes()
    if passphrase and b"ENCRYPTED" not in pem:
        log.warning("signing_key_not_encrypted", file=path.name, setting="AUTH_KEY_PASSPHRASE")
        passphrase = None
    try:
        key = serialization.load_pem_private_key(pem, password=passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(
            f"the signing key {path} is no PEM private key, or AUTH_KEY_PASSPHRASE does not open it"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"the signing key {path} is not an Ed25519 key")
    return key


def _write(path: Path, key: Ed25519PrivateKey, passphrase: bytes | None) -> None:
    encryption = (
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600 by itself
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link fails when the name is taken: the first to arrive wins, whole.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
