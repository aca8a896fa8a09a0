"""`reconvert`: make audio again as the log says it was made, and compare the hashes.

The log holds all that a conversion was made of: the source's hash, the options, the arguments, the build of
ffmpeg. So the same bytes must come out again on the same build and kind of processor; where they do not, the
output names which of those differs. Nothing is stored and nothing is published.

Exit code 66: the log tells of no such conversion.
"""

import argparse
import contextlib
import hashlib
import os
import random
from io import FileIO
from typing import NamedTuple

from cli.exits import Exit
from cli.log.ids import job_meant
from cli.log.log import Log
from cli.numbers import count
from cli.remarks import say
from cli.servers import Servers
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--job", action="append", metavar="ID", help="this job; may be repeated")
    which.add_argument("--sample", type=count, metavar="N", help="N jobs of the log, drawn by chance")
    parser.add_argument("--seed", type=int, default=0, help="draws the same sample again (default: 0)")


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Convert, compare and print a line for each. Raises Unavailable, LogDamaged, InvalidSetting."""
    logs.configure("reconvert", "CRITICAL")  # the log lines of a converter at work are not for people
    async with servers.database() as database:
        log = Log(servers.need("stream_url"), say, JobKeys(database))
        jobs = {await job_meant(log, job) for job in arguments.job or ()}
        made = await _conversions(log, jobs)
    if arguments.sample is not None:
        made = random.Random(arguments.seed).sample(made, min(arguments.sample, len(made)))  # noqa: S311
    if not made:
        say("the log tells of no such conversion")
        return Exit.NOINPUT
    settings = load(ConverterSettings, os.environ)
    equipment = Equipment(await find_engine(settings.ffmpeg), settings.limits, settings.workshop)
    equipment.workshop.open()
    counts = {"same": 0, "different": 0, "lost": 0}
    async with servers.database() as database:
        storage = Storage(database)
        for each in made:
            with equipment.workshop.bench() as (scratch, target):
                verdict, why = await _compare(each, equipment, storage, scratch, target)
            counts[verdict] += 1
            print(f"{verdict:<10} {each.job_id}  run {each.told.run}  {why}", flush=True)
    print(", ".join(f"{count:,} {verdict}" for verdict, count in counts.items()))
    return Exit.OK if counts["same"] == len(made) else Exit.DIFFERENT


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
