"""`upload`: MB/s that go in through the gateway, over pymongo writing the same bytes into the same server."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import gridfs
from pymongo import MongoClient

from bench.blocks import BLOCK, MB, blocks
from bench.client import Watch, signed_in
from bench.measure import Options, Say
from bench.stack import running_stack
from bench.table import Row, Trial, rows_of

SIZE = 512 * MB
AGAINST = "pymongo straight to GridFS"

Send = Callable[[str, list[bytes], int], Awaitable[str]]


async def measure(options: Options, say: Say) -> list[Row]:
    """Take turns: GridFS, PUT, tus, form, the order going round; each job is over before the next turn."""
    size = options.scaled(SIZE, BLOCK)
    data = blocks(size)
    found: list[Row] = []
    async with running_stack() as stack, signed_in(stack.environment) as client, client.watching() as watch:
        await _upload(client.put, blocks(4 * BLOCK), watch)  # the first of everything is slower
        mongo: MongoClient[Any] = MongoClient(stack.environment["MONGODB_URL"])
        with mongo:
            for turn in range(options.repetitions):
                say(f"upload {turn + 1} of {options.repetitions}: {size / MB:.0f} MB each")
                ways: dict[str, Callable[[], Awaitable[float]]] = {
                    AGAINST: partial(asyncio.to_thread, _straight, mongo, data),
                    "upload, PUT": partial(_upload, client.put, data, watch),
                    "upload, tus": partial(_upload, client.tus, data, watch),
                    "upload, form": partial(_upload, client.form, data, watch),
                }
                # Each is the first in its turn: what comes later finds more in the database.
                rates = {name: size / MB / await ways[name]() for name in rotated(list(ways), turn)}
                bare = rates.pop(AGAINST)
                found += [_row(name, Trial(rates[name], bare)) for name in ways if name != AGAINST]
    return rows_of(found)


def rotated(names: list[str], turn: int) -> list[str]:
    """Return the names, beginning with another one in each turn."""
    first = turn % len(names)
    return names[first:] + names[:first]


async def _upload(send: Send, data: list[bytes], watch: Watch) -> float:
    begin = time.perf_counter()
    job_id = await send("noise.mp4", data, sum(map(len, data)))
    seconds = time.perf_counter() - begin
    await watch.ended([job_id])  # noise is no video: the converter fetches it all and refuses it
    return seconds


def _straight(mongo: MongoClient[Any], data: list[bytes]) -> float:
    bucket = gridfs.GridFSBucket(mongo.get_default_database(), bucket_name="bench", chunk_size_bytes=BLOCK)
    begin = time.perf_counter()
    with bucket.open_upload_stream("noise.mp4") as file:
        for block in data:
            file.write(block)
    return time.perf_counter() - begin


def _row(name: str, trial: Trial) -> Row:
    return Row(measure=name, unit="MB/s", better="more", against=AGAINST, trials=(trial,))
