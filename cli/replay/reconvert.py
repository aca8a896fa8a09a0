"""`reconvert`: make audio again as the log says it was made, and compare the hashes."""

import contextlib
import hashlib
import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from io import FileIO
from typing import NamedTuple

import click
import msgspec
from msgspec import Struct

from cli.exits import Exit
from cli.log.ids import jobs_meant
from cli.log.log import Log
from cli.replay.options.named import named_jobs
from cli.replay.subcommand import subcommand
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.tree.printer import Printer, printing
from cli.tree.types import COUNT
from events.envelope import decode
from events.errors import InvalidEvent
from events.log.stream import First
from events.privacy.job_keys import JobKeys
from events.types import JobConverted, JobDeleted, JobRequeued, JobUploaded, JobVideoRemoved
from service import logs
from service.settings import load
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.result import Result
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import ConversionError, VideoLost
from workers.converter.ffmpeg.engine import Engine, find_engine
from workers.converter.settings import ConverterSettings
from workers.converter.source.source import open_source
from workers.converter.storage import Storage

Upload = JobUploaded | JobRequeued


class Made(NamedTuple):
    """One conversion of the log, and the video it was made from."""

    job_id: str
    video: Upload
    told: JobConverted


class Comparison(Struct, frozen=True, kw_only=True):
    """The outcome of a conversion now: `same`, `different`, or `lost`. `why` is the hash, or a sentence."""

    job_id: str
    run: int
    verdict: str
    why: str


@subcommand(
    examples=["tonearm replay reconvert --job 01a2", "tonearm replay reconvert --sample 20 --seed 7 --json"],
    exits={
        Exit.DIFFERENT: "a conversion comes out differently, or its video is lost",
        Exit.NOINPUT: "the log tells of no such conversion",
    },
    output=Comparison,
)
@named_jobs
@click.option("--sample", type=COUNT, help="N conversions of the log, drawn by chance")
@click.option("--seed", type=int, default=0, show_default=True, help="draws the same sample again")
@printing
async def reconvert(
    servers: Servers, jobs: Sequence[str], sample: int | None, seed: int, out: Printer
) -> Exit:
    """Make audio again as the log says it was made, and compare the hashes.

    The log holds all that a conversion was made of: the source's hash, the options, the arguments, the build
    of ffmpeg. So the same bytes come out again on the same build and kind of processor; where they do not,
    the output names which of those differs. Nothing is stored, and nothing is published.
    """
    if bool(jobs) == (sample is not None):
        raise click.UsageError("give either ID…, or --sample N")
    logs.configure("reconvert", "CRITICAL")  # the log lines of a converter at work are not for people
    async with servers.database() as database:
        log = Log(servers.need("stream_url"), say, JobKeys(database))
        made = await _conversions(log, set(await jobs_meant(log, jobs)))
    if sample is not None:
        made = random.Random(seed).sample(made, min(sample, len(made)))  # noqa: S311
    if not made:
        say("the log tells of no such conversion")
        return Exit.NOINPUT
    counts = {"same": 0, "different": 0, "lost": 0}
    async for each in _comparisons(servers, made):
        counts[each.verdict] += 1
        text = f"{each.verdict:<10} {each.job_id}  run {each.run}  {each.why}"
        out.line(msgspec.json.encode(each), text)
        sys.stdout.flush()
    out.beside(", ".join(f"{count:,} {verdict}" for verdict, count in counts.items()))
    return Exit.OK if counts["same"] == len(made) else Exit.DIFFERENT


async def _comparisons(servers: Servers, made: Sequence[Made]) -> AsyncIterator[Comparison]:
    settings = load(ConverterSettings, os.environ)
    equipment = Equipment(await find_engine(settings.ffmpeg), settings.limits, settings.workshop)
    equipment.workshop.open()
    async with servers.database() as database:
        storage = Storage(database)
        for each in made:
            with equipment.workshop.bench() as (scratch, target):
                verdict, why = await _compare(each, equipment, storage, scratch, target)
            yield Comparison(job_id=each.job_id, run=each.told.run, verdict=verdict, why=why)


async def _conversions(log: Log, job_ids: set[str]) -> list[Made]:
    """Return the conversions of these jobs, or of all; of each run the first in the log.

    Jobs that were deleted, or whose video was removed, are left out.
    """
    ends = await log.ends()
    videos: dict[str, Upload] = {}
    made: dict[str, Made] = {}
    gone: set[str] = set()
    if ends is None:
        return []
    async with contextlib.aclosing(log.read(First(), ends.last)) as batches:
        async for batch in batches:
            for record in batch:
                with contextlib.suppress(InvalidEvent):
                    event = decode(record.body)
                    if event.id in made or (job_ids and event.subject not in job_ids):
                        continue
                    match event.payload():
                        case JobUploaded() | JobRequeued() as video:
                            videos[event.subject] = video
                        case JobConverted() as told if event.subject in videos:
                            made[event.id] = Made(event.subject, videos[event.subject], told)
                        case JobDeleted() | JobVideoRemoved():
                            gone.add(event.subject)
    return [each for each in made.values() if each.job_id not in gone]


async def _compare(
    made: Made, equipment: Equipment, storage: Storage, scratch: FileIO, target: FileIO
) -> tuple[str, str]:
    """Return the verdict, and in words why."""
    video, told = made.video, made.told
    try:
        # Read as the converter reads it: what comes through a pipe is cut in another way.
        stored = await storage.open(video.video_id, size=video.bytes)
        source = await open_source(
            stored,
            scratch,
            sha256=video.sha256,
            room=equipment.workshop.room,
            options=told.options,
        )
        again = await convert(Task(equipment, source.input, target, told.options))
    except VideoLost as error:
        return "lost", str(error)
    except ConversionError as error:
        return "different", f"it was converted, and now: {error}"
    target.seek(0)
    sha256 = hashlib.file_digest(target, "sha256").hexdigest()
    if sha256 == told.sha256:
        return "same", sha256
    return "different", "; ".join(
        [f"{told.sha256} then, {sha256} now", *_reasons(told, video, again, equipment.engine)]
    )


def _reasons(told: JobConverted, video: Upload, again: Result, engine: Engine) -> list[str]:
    """Return sentences about what was different in the making."""
    reasons = []
    if not engine.is_build(told.engine):
        reasons.append(f"then {told.engine}, now {engine.name}")
    if told.source_sha256 and told.source_sha256 != video.sha256:
        reasons.append("the source is another")
    if told.arguments and told.arguments != again.arguments:
        was, is_ = set(told.arguments), set(again.arguments)
        reasons.append(f"arguments: only then {sorted(was - is_)}, only now {sorted(is_ - was)}")
    return reasons or ["nothing that the log holds differs: another kind of processor, perhaps"]
