"""Gathers what the checker looks at, from the real broker, database and mailbox."""

import asyncio
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from contextlib import aclosing
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from typing import Any, Protocol

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Recorded, decode
from events.log.bounds import bounds
from events.log.reader import StreamReader
from events.log.stream import First
from events.log.topology import MP3, VIDEO
from events.privacy.job_keys import JobKeys
from events.views.store import JobViews
from infra.drills.rig.checker import Blob, Mail, Upload, World
from infra.drills.rig.conditions import wait_for


class Stack(Protocol):
    """The questions to a running stack."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by which clients reach it."""

    @property
    def mailbox(self) -> Path:
        """The directory of the mail catcher's mails."""

    def broker_control(self) -> tuple[Path, dict[str, str]]:
        """Return rabbitmqctl and the environment in which it reaches the broker."""


BUCKETS = ("videos", "audio")
READ_SECONDS = 120.0


async def take(stack: Stack, uploads: list[Upload]) -> World:
    """Return the world once the views have taken in the whole log and no work is left in a queue."""
    environment = stack.environment
    log = await read_log(environment["STREAM_URL"])
    async with AsyncMongoClient[dict[str, Any]](environment["MONGODB_URL"], tz_aware=True) as client:
        database = client.get_default_database()
        live = await JobViews(database).live()

        async def caught_up() -> bool:
            checkpoint = await live.checkpoint()
            return checkpoint is not None and checkpoint.offset >= log[-1].offset

        await wait_for(caught_up, 30, "the views have taken in the whole log")
        blobs = {bucket: await _blobs(database, bucket) for bucket in BUCKETS}
        return World(
            uploads=uploads,
            log=list(await JobKeys(database).opened(log)),
            views={view.job_id: view async for view in live.all()},
            usages={account: usage async for account, usage in live.usage.all()},
            videos=blobs["videos"],
            audio=blobs["audio"],
            orphan_chunks=sum([await _orphans(database, bucket) for bucket in BUCKETS]),
            mails=[_mail(file) for file in sorted(stack.mailbox.glob("[0-9]*.eml"))],
            queued=await queued(stack),
        )


async def read_log(stream_url: str) -> list[Recorded]:
    """Return all events, from the first to what is the last now."""
    ends = await bounds(stream_url)
    found: list[Recorded] = []
    if ends is None:
        return found
    async with (
        asyncio.timeout(READ_SECONDS),
        aclosing(StreamReader(stream_url, First()).batches()) as batches,
    ):
        async for batch in batches:
            found += [Recorded(record.offset, decode(record.body)) for record in batch]
            if found[-1].offset >= ends.last:
                break
    return found


async def queued(stack: Stack) -> dict[str, int]:
    """Return how many messages each work queue holds, those of retries and parked work included.

    By rabbitmqctl, because a passive declaration does not count what was delivered and not acknowledged.
    """
    output = await broker_says(stack, "list_queues", "--quiet", "--formatter", "json", "name", "messages")
    depths = {row["name"]: row["messages"] for row in json.loads(output)}
    return {name: depth for name, depth in depths.items() if name.split(".")[0] in (VIDEO, MP3)}


async def broker_says(stack: Stack, *command: str) -> str:
    """Return the output of rabbitmqctl."""
    program, environment = stack.broker_control()
    process = await asyncio.create_subprocess_exec(
        *(str(program), *command),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, f"rabbitmqctl {command}: {(output + errors).decode()}"
    return output.decode()


async def _blobs(database: AsyncDatabase[dict[str, Any]], bucket: str) -> dict[str, Blob]:
    files = [document async for document in database[f"{bucket}.files"].find()]
    return {str(file["_id"]): await _blob(database, bucket, file) for file in files}


async def _blob(database: AsyncDatabase[dict[str, Any]], bucket: str, file: dict[str, Any]) -> Blob:
    content, size, numbers = hashlib.sha256(), 0, []
    async for chunk in database[f"{bucket}.chunks"].find({"files_id": file["_id"]}).sort("n"):
        content.update(chunk["data"])
        size += len(chunk["data"])
        numbers.append(chunk["n"])
    whole = size == file["length"] and numbers == list(range(-(-size // file["chunkSize"])))
    return Blob(id=str(file["_id"]), sha256=content.hexdigest(), whole=whole)


async def _orphans(database: AsyncDatabase[dict[str, Any]], bucket: str) -> int:
    counts: defaultdict[Any, int] = defaultdict(int)
    async for chunk in database[f"{bucket}.chunks"].find({}, {"files_id": 1}):
        counts[chunk["files_id"]] += 1
    async for file in database[f"{bucket}.files"].find({}, {"_id": 1}):
        counts.pop(file["_id"], None)
    return sum(counts.values())


def _mail(file: Path) -> Mail:
    headers = BytesHeaderParser(policy=default).parsebytes(file.read_bytes())
    return Mail(
        message_id=headers["Message-ID"], recipient=headers["X-Envelope-To"], subject=headers["Subject"]
    )
