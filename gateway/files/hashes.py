"""The SHA-256 of a file that comes in pieces. It is never begun anew while this process can go on with it.

Python's hashes cannot be stored. So a process remembers where it was with each upload; what another replica
has taken in meanwhile, or what came before a restart, it reads from the storage while the next piece comes.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime

from gateway.errors import BlobDamaged, BlobRemoved
from gateway.storage import CHUNK, Bucket
from service.blobs import Blob

MOST = 1000
"""Uploads that a process remembers the hash of; some hundred bytes each."""


class RunningHash:
    """A hash of the first `position` bytes of a file."""

    def __init__(self) -> None:
        self.position = 0
        self._sha = hashlib.sha256()

    def copy(self) -> "RunningHash":
        """Return another one that stands at the same place."""
        other = RunningHash()
        other.position, other._sha = self.position, self._sha.copy()
        return other

    def update(self, data: bytes | memoryview) -> None:
        """Take in the next bytes."""
        self._sha.update(data)
        self.position += len(data)

    def hexdigest(self) -> str:
        """Return the hash of the bytes so far."""
        return self._sha.hexdigest()

    async def read_on(self, videos: Bucket, upload_id: str, upto: Callable[[], int]) -> None:
        """Read what is stored, until it stands where `upto` then is. Raises BlobDamaged, Unavailable."""
        while self.position < (stored := upto()):
            try:
                async for data in videos.read(_stored(upload_id, stored), self.position, stored - 1):
                    self.update(data)
            except BlobRemoved:  # it has no document of a file yet
                raise BlobDamaged(f"upload {upload_id} lacks a chunk") from None


class Hashes:
    """The hashes of the uploads that this process has written to last."""

    def __init__(self) -> None:
        self._hashes: OrderedDict[str, RunningHash] = OrderedDict()

    def of(self, upload_id: str, offset: int) -> RunningHash:
        """Return where this process was with an upload of which `offset` bytes are stored."""
        known = self._hashes.get(upload_id)
        return known.copy() if known is not None and known.position <= offset else RunningHash()

    def keep(self, upload_id: str, running: RunningHash) -> None:
        """Remember it."""
        self._hashes[upload_id] = running
        self._hashes.move_to_end(upload_id)
        if len(self._hashes) > MOST:
            self._hashes.popitem(last=False)

    def forget(self, upload_id: str) -> None:
        """Forget it."""
        self._hashes.pop(upload_id, None)


def _stored(upload_id: str, size: int) -> Blob:
    """Return what is stored as if it were a whole file."""
    return Blob(
        id=upload_id,
        bytes=size,
        chunk_size=CHUNK,
        uploaded=datetime.now(UTC),
        job_id=upload_id,
        account="",
    )
