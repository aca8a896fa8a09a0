"""`sealing`: what it costs that names are sealed in the log: to publish a job's first event, and to replay.

Two logs of the same events, one in the clear. In the other each job has a key, as a real one has. Conversions
have the arguments of a real one, too, which are sealed: the generator of logs leaves them out.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from itertools import islice
from typing import Any

from msgspec import Raw
from msgspec.structs import replace
from pymongo import AsyncMongoClient

from bench import loggen
from bench.measure import Options, Say
from bench.replay import SUBCOMMANDS, replayed, servers
from bench.table import Row, Trial, rows_of
from events.envelope import Event, job_event, to_json
from events.ids import new_id
from events.log import topology
from events.log.publisher import Publisher
from events.privacy.job_keys import COLLECTION, JobKeys
from events.privacy.sealing import KEY_BYTES, NO_KEYS, Keys, seal
from events.types import JobConverted, JobUploaded

PUBLISHED, AT_ONCE = 300, 1000
ARGUMENTS = (
    *("-nostdin", "-hide_banner", "-v", "level+verbose", "-xerror", "-max_alloc", "268435456"),
    *("-protocol_whitelist", "fd", "-codec_whitelist", "aac,mp3float,opus,vorbis,flac"),
    *("-format_whitelist", "mov,matroska", "-i", "fd:", "-map", "0:a:0", "-map_metadata", "-1"),
    *("-c:a", "libmp3lame", "-q:a", "2", "-compression_level", "5", "-id3v2_version", "3", "-f", "mp3"),
    "fd:",
)
VIDEO: dict[str, Any] = {"content_type": "video/mp4", "bytes": 10**8, "sha256": "0" * 64}


async def measure(options: Options, say: Say) -> list[Row]:
    """Write both logs, then take turns between them."""
    found: list[Row] = []
    async with AsyncExitStack() as stack:
        clear, sealed = [await stack.enter_async_context(servers()) for _ in range(2)]
        say(f"sealing: writing two logs of {options.events:,} events")
        for environment in (clear, sealed):
            await topology.declare(environment["RABBITMQ_URL"])
        await loggen.write(clear["STREAM_URL"], _events(options.events))
        keys: dict[str, bytes] = {}
        await loggen.write(sealed["STREAM_URL"], _sealed(_events(options.events), keys))
        await _store(sealed, keys)
        for turn in range(options.repetitions):
            say(f"sealing {turn + 1} of {options.repetitions}: {options.events:,} events, four times")
            for name, arguments in SUBCOMMANDS.items():
                wall, spent = await _replayed(sealed, name, *arguments)
                clear_wall, clear_spent = await _replayed(clear, name, *arguments)
                rates = options.events / wall, options.events / clear_wall
                costs = 1e6 * spent / options.events, 1e6 * clear_spent / options.events
                found.append(_row(f"replay {name}, sealed", "events/s", "more", *rates))
                found.append(_row(f"replay {name}, sealed: processor", "µs/event", "less", *costs))
            count = options.scaled(PUBLISHED, 20)
            found.append(_row("publish job.uploaded, sealed", "ms", "less", *await _published(sealed, count)))
    return rows_of(found)


def _events(count: int) -> Iterator[Event]:
    for event in islice(loggen.events(), count):
        if event.type == JobConverted.TYPE:
            made = event.payload()
            assert isinstance(made, JobConverted)
            event = replace(event, data=Raw(to_json(replace(made, arguments=ARGUMENTS))))
        yield event


def _sealed(events: Iterable[Event], keys: dict[str, bytes]) -> Iterator[Event]:
    """Yield the events sealed, and fill in the keys of their jobs."""
    for event in events:
        yield seal(event, keys.setdefault(event.subject, os.urandom(KEY_BYTES)))


async def _store(environment: Mapping[str, str], keys: Mapping[str, bytes]) -> None:
    documents = iter([{"_id": job_id, "account": "bench", "key": key} for job_id, key in keys.items()])
    async with AsyncMongoClient[dict[str, Any]](environment["MONGODB_URL"]) as client:
        collection = client.get_default_database("tonearm")[COLLECTION]
        while some := list(islice(documents, AT_ONCE)):
            await collection.insert_many(some, ordered=False)


async def _replayed(environment: Mapping[str, str], *arguments: str) -> tuple[float, float]:
    """Return the seconds of a command, and those of a processor that its processes took."""
    before = os.times()
    seconds = await replayed(environment, *arguments)
    after = os.times()
    mine = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    return seconds, mine


async def _published(environment: Mapping[str, str], count: int) -> tuple[float, float]:
    """Return the milliseconds of a job's first publish, with a key made for it and in the clear.

    One at a time and in turns, while no view is made of them.
    """
    seconds = [0.0, 0.0]
    async with AsyncMongoClient[dict[str, Any]](environment["MONGODB_URL"]) as client:
        ways: tuple[Keys, Keys] = (JobKeys(client.get_default_database("tonearm")), NO_KEYS)
        publishers = [Publisher(environment["RABBITMQ_URL"], name="bench", keys=keys) for keys in ways]
        async with publishers[0], publishers[1]:
            for _ in range(count):
                for way, publisher in enumerate(publishers):
                    job_id = new_id()
                    uploaded = JobUploaded(filename="holiday.mp4", video_id=job_id, **VIDEO)
                    event = job_event(uploaded, job_id=job_id, account="bench", source="bench")
                    begin = time.perf_counter()
                    await publisher.publish(event)
                    seconds[way] += time.perf_counter() - begin
    return 1000 * seconds[0] / count, 1000 * seconds[1] / count


def _row(measure: str, unit: str, better: Any, value: float, reference: float) -> Row:
    return Row(
        measure=measure,
        unit=unit,
        better=better,
        against="the same in the clear",
        trials=(Trial(value, reference),),
    )
