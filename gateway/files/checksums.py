"""Checksums of pieces, as tus has them: `Upload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=`. Pure."""

import hashlib
import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Protocol

from gateway.errors import BadUploadHeader, ChecksumMismatch


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def _sha1() -> _Digest:
    return hashlib.sha1(usedforsecurity=False)


ALGORITHMS: Mapping[str, Callable[[], _Digest]] = {"sha1": _sha1, "sha256": hashlib.sha256, "crc32": _Crc32}


class Checksum:
    """The checksum that a client has made of a piece, and ours, which grows with the bytes."""

    def __init__(self, algorithm: str, wanted: bytes) -> None:
        self._digest, self._wanted = ALGORITHMS[algorithm](), wanted

    def update(self, data: bytes) -> None:
        """Take in more bytes."""
        self._digest.update(data)

    def check(self) -> None:
        """Raise ChecksumMismatch unless the bytes are those that the client meant."""
        if self._digest.digest() != self._wanted:
            raise ChecksumMismatch("the bytes that came are not those of Upload-Checksum; send them again")


def read_checksum(header: str | None) -> Checksum | None:
    """Return the checksum of a piece, if it has one. Raises BadUploadHeader."""
    if header is None:
        return None
    algorithm, _, text = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadUploadHeader(f"Upload-Checksum takes one of the algorithms {', '.join(ALGORITHMS)}")
    try:
        return Checksum(algorithm, b64decode(text.strip(), validate=True))
    except ValueError:
        raise BadUploadHeader("Upload-Checksum: the checksum is no Base64") from None
