"""`upload`: MB/s that go in through the gateway, over pymongo writing the same bytes into the same server."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import gridfs
from pymongo import MongoClient

from bench.blocks import BLOCK, MB, blocks
from bench.client import Client, Watch, signed_in
from bench.measure import Options, Say
from bench.stack import running_stack
from bench.table import Row, Trial, rows_of

SIZE = 512 * MB
AGAINST = "pymongo straight to GridFS"

Send = Callable[[str, list[bytes], int], Awaitable[str]]


async def measure(options: Options, say: Say) -> list[Row]:
    """Take turns: GridFS, PUT, form. Each upload's job is over before the next turn begins."""
    size = options.scaled(SIZE, BLOCK)
    data = blocks(size)
    found: list[Row] = []
    async with running_stack() as stack, signed_in(stack.environment) as client, client.watching() as watch:
        await _upload(client.put, blocks(4 * BLOCK), watch)  # the first of everything is slower
        mongo: MongoClient[Any] = MongoClient(stack.environment["MONGODB_URL"])
        with mongo:
            for turn in range(options.repetitions):
                say(f"upload {turn + 1} of {options.repetitions}: {size / MB:.0f} MB each")
                bare = size / MB / await asyncio.to_thread(_straight, mongo, data)
                for name, send in _doors(client):
                    rate = size / MB / await _upload(send, data, watch)
                    found.append(_row(name, Trial(rate, bare)))
    return rows_of(found)


def _doors(client: Client) -> list[tuple[str, Send]]:
    return [("upload, PUT", client.put), ("upload, form", client.form)]


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
