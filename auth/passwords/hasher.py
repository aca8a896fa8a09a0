"""Password hashing: argon2id in a bounded pool.

OWASP's minimum (19 MiB, two passes, one lane; Password Storage Cheat Sheet). A hash holds a core and its
memory for tens of milliseconds, so one runs on each core, a few wait, and the rest are refused at once.
Without that bound, 32 sign-ins at a time take gigabytes.
"""

import asyncio
import os
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from auth.errors import Busy
from auth.passwords import foreign_hashes

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
WAITING_PER_CORE = 16
"""Hashes that may wait for each core: about half a second of them."""

_NICE = 5
"""Of the hashing threads: a third of an ordinary one's weight."""

_OURS = "$argon2"
T = TypeVar("T")


class Verdict(NamedTuple):
    """The result of a verification, and the seconds it took, waiting not counted."""

    right: bool
    seconds: float


class Hasher:
    """Hashes and verifies passwords. Every method that hashes raises Busy when the queue is full."""

    def __init__(
        self,
        *,
        memory_kib: int = MEMORY_KIB,
        passes: int = PASSES,
        lanes: int = LANES,
        threads: int | None = None,
        waiting: int | None = None,
    ) -> None:
        """`threads` defaults to the number of cores, `waiting` to WAITING_PER_CORE for each thread."""
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
        # Verified when there is no such account, so that the answer takes as long as when there is.
        self._nobody = self._hasher.hash(os.urandom(16))
        threads = threads or os.cpu_count() or 1
        places = threads + (threads * WAITING_PER_CORE if waiting is None else waiting)
        self._places, self._entries = threading.BoundedSemaphore(places), threading.BoundedSemaphore(places)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2", initializer=_give_way)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Reserve a place for the block; raises Busy if no more can be hashed soon.

        So a flood of sign-ins is refused before it burdens the database.
        """
        if not self._entries.acquire(blocking=False):
            raise Busy("too many sign-ins at once")
        try:
            yield
        finally:
            self._entries.release()

    async def hash(self, password: str) -> str:
        """Return the encoded hash, parameters and salt within."""
        return await self._run(lambda: self._hasher.hash(_prepared(password)))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Return True if the password fits (see `examine`)."""
        return (await self.examine(password, password_hash)).right

    async def examine(self, password: str, password_hash: str | None) -> Verdict:
        """Verify a password. None (no such account) and an empty hash take as long, and are never right.

        Only a hash that another program made may take longer or shorter.
        """

        def timed() -> Verdict:
            began = time.perf_counter()
            right = self._verify(password, password_hash or self._nobody)
            return Verdict(right and password_hash is not None, time.perf_counter() - began)

        return await self._run(timed)

    def outdated(self, password_hash: str) -> bool:
        """Return True if another program made the hash, or if the parameters have changed."""
        return not password_hash.startswith(_OURS) or self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Cancel the hashes that wait; a running one ends within milliseconds."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password: str, password_hash: str) -> bool:
        if not password_hash.startswith(_OURS):
            return foreign_hashes.verify(_prepared(password), password_hash)
        try:
            return self._hasher.verify(password_hash, _prepared(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise Busy("too many sign-ins at once")
        future: Future[T] = self._pool.submit(work)
        # The place is free when the thread is, not when the caller stops waiting.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)


def _give_way() -> None:
    """Let the thread that answers requests go first (Linux, where a priority is a thread's own)."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICE)


def _prepared(password: str) -> bytes:
    """Return the bytes to hash: composed characters by RFC 8265 (OpaqueString), in UTF-8."""
    return unicodedata.normalize("NFC", password).encode()
