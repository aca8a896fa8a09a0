"""The outcomes of uploads, and their times: the client's part, and ours."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram

from events.errors import TonearmError
from gateway.errors import BodyCutOff, MaybeAccepted
from gateway.http.problems import kind_of

_MB = 1_000_000
Outcome = Literal["accepted", "refused", "cut_off", "unknown", "failed"]


class UploadTimer:
    """The times and the size of one upload."""

    def __init__(self) -> None:
        self.began = self.came = time.monotonic()
        """The times of its headers, and of the last of its bytes so far."""
        self.size = 0

    def whole(self, size: int) -> None:
        """Note the size of the file that is whole now."""
        self.size = size

    async def body(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass the body on, and note when it came; a form's reader may stop before its end."""
        async for piece in pieces:
            self.came = time.monotonic()
            yield piece


class UploadMetrics:
    """Counts and times uploads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._uploads = Counter(
            "tonearm_uploads",
            "Uploads by outcome: accepted; refused, by the client's fault; cut_off, the client went away;"
            " unknown, the log did not confirm; failed, by ours",
            ["outcome"],
            registry=registry,
        )
        for outcome in get_args(Outcome):  # a series that begins with its first event hides that
            self._uploads.labels(outcome)
        self._size = Histogram(
            "tonearm_upload_size_bytes",
            "Bytes of accepted videos",
            buckets=[_MB * 4**power for power in range(8)],
            registry=registry,
        )
        self._seconds = Histogram(
            "tonearm_upload_duration_seconds",
            "Of uploads accepted in one request, from its headers to the answer's: mostly the client's line",
            buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600, 1800, 7200),
            registry=registry,
        )
        self._acceptance = Histogram(
            "tonearm_upload_acceptance_seconds",
            "Of accepted uploads, from the last byte to the answer: ours alone",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=registry,
        )

    @contextmanager
    def one(self) -> Iterator[UploadTimer]:
        """Count the block's upload, by how the block ends."""
        upload = UploadTimer()
        try:
            yield upload
        except BaseException as error:
            self._uploads.labels(_outcome(error)).inc()
            raise
        now = time.monotonic()
        self._seconds.observe(now - upload.began)
        self.accepted(upload.size, now - upload.came)

    @contextmanager
    def piece(self) -> Iterator[None]:
        """Count the block where it fails by our fault. All else is no outcome of an upload, which goes on."""
        try:
            yield
        except BaseException as error:
            if (outcome := _outcome(error)) in ("failed", "unknown"):
                self._uploads.labels(outcome).inc()
            raise

    def accepted(self, size: int, seconds: float) -> None:
        """Count an upload that is a job now: its bytes, and the time since the last of them was here."""
        self._uploads.labels("accepted").inc()
        self._size.observe(size)
        self._acceptance.observe(seconds)


def _outcome(error: BaseException) -> Outcome:
    match error:
        case BodyCutOff() | asyncio.CancelledError():
            return "cut_off"
        case MaybeAccepted():
            return "unknown"
        case TonearmError() if kind_of(error).status < 500:
            return "refused"
        case _:
            return "failed"
