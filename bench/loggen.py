"""A log of a million events to measure replay on: `python -m bench.loggen [--events N] [--seed S]`.

Writes straight into the stream with rstream's batches (tens of thousands of events a second), so that no
work queue sees them; the sections around each event are those that a publish through the exchange leaves
there. Five events a job on average, hundreds of jobs under way at once, their events interleaved by time,
with failures, retries, requeues, cancellations, deletions and sign-ins. The same seed makes the same
bytes. Needs STREAM_URL, or `--url`; the stream must exist (`--declare` with RABBITMQ_URL makes it).
"""

import argparse
import asyncio
import heapq
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import rstream
from msgspec import Struct

from events.envelope import Event, account_event, encode, job_event
from events.log import topology
from events.types import (
    AccountSignedIn,
    DeletionReason,
    FailureCode,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobNotified,
    JobPayload,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobUploaded,
)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
JOBS_A_SECOND = 20.0
STORIES = {"u S C N": 62, "u S R S C N": 15, "u S F M": 8, "u S F M Q S C N": 8, "u S C N D": 5, "u X": 2}
"""Histories by weight. u uploaded, S started, R retrying, C converted, N notified, F failed, M notified of
it, Q requeued, D deleted (an hour later), X cancelled."""
SIGN_INS_A_JOB = 0.35
BATCH = 1000
UNDER_WAY = 20
"""Batches sent and not confirmed yet."""


class _Job(Struct):
    """A job under way, with the rest of its story."""

    job_id: str
    account: str
    video_id: str
    filename: str
    bytes: int
    sha256: str
    left: list[str]
    run: int = 1
    attempt: int = 0


def events(seed: int = 1) -> Iterator[Event]:
    """Yield events for ever, ordered by their times."""
    rng = random.Random(seed)
    stories, weights = list(STORIES), list(STORIES.values())
    due: list[tuple[float, int, _Job | None]] = [(0.0, 0, None)]
    for number in range(1, sys.maxsize):
        now, _, job = heapq.heappop(due)
        at = EPOCH + timedelta(seconds=now)
        if job is None:
            job = _new_job(rng, at, rng.choices(stories, weights)[0].split())
            heapq.heappush(due, (now + rng.expovariate(JOBS_A_SECOND), number, None))
            if rng.random() < SIGN_INS_A_JOB:
                token = _hex(rng, 128)
                signed_in = AccountSignedIn(token_id=token)
                yield account_event(signed_in, account=job.account, source="/auth", time=at)
        payload = _told(rng, job, job.left.pop(0))
        yield job_event(payload, job_id=job.job_id, account=job.account, source="/loggen", time=at)
        if job.left:
            wait = 3600.0 if job.left[0] == "D" else rng.uniform(0.01, 20.0)
            heapq.heappush(due, (now + wait, number, job))


def _new_job(rng: random.Random, at: datetime, story: list[str]) -> _Job:
    job_id = _uuid7(rng, at)
    return _Job(
        job_id=job_id,
        account=str(UUID(int=rng.randrange(5000) | 7 << 76 | 1 << 127)),
        video_id=job_id,
        filename=f"holiday {rng.randrange(10_000)}.mp4",
        bytes=rng.randrange(1_000_000, 900_000_000),
        sha256=_hex(rng, 256),
        left=story,
    )


def _told(rng: random.Random, job: _Job, letter: str) -> JobPayload:
    match letter:
        case "u":
            return JobUploaded(**_video(job))
        case "S":
            job.attempt += 1
            return JobStarted(run=job.run, attempt=job.attempt, worker=f"converter-{rng.randrange(8)}")
        case "R":
            return JobRetrying(
                run=job.run, attempt=job.attempt, reason="the storage was away", delay_seconds=5.0
            )
        case "C":
            seconds = rng.uniform(5.0, 5400.0)
            return JobConverted(
                run=job.run,
                attempt=job.attempt,
                audio_id=_uuid7(rng, EPOCH),
                bytes=int(seconds * 24_000),
                sha256=_hex(rng, 256),
                duration_seconds=seconds,
                bit_rate=192_000,
                sample_rate=44_100,
                channels=2,
                seconds_spent=seconds / 130,
                engine="ffmpeg n9.0.2",
            )
        case "F":
            return JobFailed(
                run=job.run,
                attempt=job.attempt,
                code=rng.choice(list(FailureCode)),
                message="This file has no sound in it.",
            )
        case "N" | "M":
            about = JobConverted.TYPE if letter == "N" else JobFailed.TYPE
            return JobNotified(run=job.run, about=about, message_id=f"<{_hex(rng, 128)}@tonearm>")
        case "Q":
            job.run, job.attempt = job.run + 1, 0
            return JobRequeued(run=job.run, **_video(job))
        case "D":
            return JobDeleted(reason=DeletionReason.EXPIRED, video_sha256=job.sha256)
        case _:
            return JobCancelled(run=job.run)


def _video(job: _Job) -> dict[str, Any]:
    return {
        "filename": job.filename,
        "content_type": "video/mp4",
        "bytes": job.bytes,
        "sha256": job.sha256,
        "video_id": job.video_id,
    }


def _uuid7(rng: random.Random, at: datetime) -> str:
    milliseconds = int(at.timestamp() * 1000)
    return str(
        UUID(int=milliseconds << 80 | 7 << 76 | rng.getrandbits(12) << 64 | 2 << 62 | rng.getrandbits(62))
    )


def _hex(rng: random.Random, bits: int) -> str:
    return f"{rng.getrandbits(bits):0{bits // 4}x}"


def message(event: Event) -> bytes:
    """Return the event as a stream message, with the AMQP 1.0 sections that a 0.9.1 publish leads to."""
    body, key = encode(event), event.type.encode()
    notes = (
        b"\x06\xa3\x0dx-routing-key\xa1" + bytes([len(key)]) + key
        + b"\xa3\x0ax-exchange\xa1\x06events\xa3\x15x-basic-delivery-modeP\x02"
    )  # fmt: skip
    annotations = b"\x00Sr\xc1" + bytes([len(notes)]) + notes
    properties = (
        b"\x00Ss\xc0\x50\x0d\xa1\x24" + event.id.encode() + b"@@@@@\xa3\x1capplication/cloudevents+json@@@@@@"
    )
    return annotations + properties + b"\x00Su\xb0" + len(body).to_bytes(4, "big") + body


async def write(url: str, source: Iterator[Event], *, stream: str = topology.STREAM) -> int:
    """Write the events in order and return how many, once all are confirmed."""
    parts = urlsplit(url)
    room, all_confirmed = asyncio.Semaphore(UNDER_WAY), asyncio.Event()
    sent = confirmed = 0

    def on_confirm(_: rstream.ConfirmationStatus) -> None:
        nonlocal confirmed
        confirmed += 1
        if confirmed % BATCH == 0:
            room.release()
        if confirmed == sent:
            all_confirmed.set()

    async with rstream.Producer(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 5552,
        username=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        vhost=unquote(parts.path.removeprefix("/")) or "/",
    ) as producer:
        while batch := [message(event) for event in islice(source, BATCH)]:
            await room.acquire()
            sent += len(batch)
            all_confirmed.clear()
            await producer.send_batch(stream, batch, on_publish_confirm=on_confirm)
        if sent:
            await all_confirmed.wait()
    return sent


async def _run(arguments: argparse.Namespace) -> None:
    if arguments.declare:
        await topology.declare(os.environ["RABBITMQ_URL"])
    began = time.monotonic()
    count = await write(arguments.url, islice(events(arguments.seed), arguments.events))
    seconds = time.monotonic() - began
    print(f"{count} events in {seconds:.1f} s, {count / seconds:,.0f} a second")


def main() -> None:
    """Read the arguments and write the log."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.loggen", description="Write a log to measure replay on."
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url", default=os.environ.get("STREAM_URL"), help="default: STREAM_URL")
    parser.add_argument("--declare", action="store_true", help="declare the topology first (RABBITMQ_URL)")
    arguments = parser.parse_args()
    if not arguments.url:
        parser.error("STREAM_URL is not set; give --url rabbitmq-stream://guest:guest@127.0.0.1:5552/%2F")
    asyncio.run(_run(arguments))


if __name__ == "__main__":
    main()
