"""`tonearm replay reconvert`: makes audio again as the log says it was made, and compares the hashes.

The log holds all that a conversion was made of: the source's hash, the options, the arguments, the build of
ffmpeg. So the same bytes must come out again on the same build and kind of processor; where they do not, this
says which of those differs. Nothing is stored and nothing is published.

Exit codes: 0 the same; 1 different; 2 wrong arguments; 66 nothing to compare; 69 a server is away.
"""

import argparse
import asyncio
import contextlib
import hashlib
import os
import random
import sys
from collections.abc import AsyncIterator
from io import FileIO
from typing import NamedTuple

from cli.errors import causes
from cli.exits import Exit, exit_for
from cli.log.log import Log
from cli.remarks import say
from cli.servers import Servers
from events.envelope import decode
from events.errors import InvalidEvent, TonearmError
from events.log.stream import First
from events.types import JobConverted, JobRequeued, JobUploaded
from service import logs
from service.settings import load
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.result import Result
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import ConversionError, VideoLost
from workers.converter.ffmpeg.engine import find_engine
from workers.converter.settings import ConverterSettings
from workers.converter.source.source import open_source
from workers.converter.storage import Storage

Upload = JobUploaded | JobRequeued


class Made(NamedTuple):
    """One conversion that the log tells of, and the video it was made from."""

    job_id: str
    video: Upload
    told: JobConverted


def main(argv: list[str]) -> int:
    """Run the command and return its exit code."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    logs.configure("reconvert", "CRITICAL")
    try:
        return asyncio.run(_run(arguments, load(Servers, os.environ)))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except TonearmError as error:
        print(f"tonearm replay reconvert: {causes(error)}", file=sys.stderr)
        return exit_for(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tonearm replay reconvert", description="Convert again as the log tells, and compare the hashes."
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--job", action="append", metavar="ID", help="this job; may be repeated")
    which.add_argument("--sample", type=_count, metavar="N", help="N jobs of the log, drawn by chance")
    parser.add_argument("--seed", type=int, default=0, help="draws the same sample again (default: 0)")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a count such as 20")
    return int(text)


async def _run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    made = [each async for each in _told(Log(servers.need("stream_url"), say), set(arguments.job or ()))]
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


async def _told(log: Log, job_ids: set[str]) -> AsyncIterator[Made]:
    """Yield the conversions of these jobs, or of all; of each run the one that was told first."""
    ends = await log.ends()
    videos: dict[str, Upload] = {}
    seen: set[str] = set()
    if ends is None:
        return
    async with contextlib.aclosing(log.read(First(), ends.last)) as batches:
        async for batch in batches:
            for record in batch:
                with contextlib.suppress(InvalidEvent):
                    event = decode(record.body)
                    if event.id in seen or (job_ids and event.subject not in job_ids):
                        continue
                    match event.payload():
                        case JobUploaded() | JobRequeued() as video:
                            videos[event.subject] = video
                        case JobConverted() as told if event.subject in videos:
                            seen.add(event.id)
                            yield Made(event.subject, videos[event.subject], told)


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
        [f"{told.sha256} then, {sha256} now", *_reasons(told, video, again, equipment.engine.name)]
    )


def _reasons(told: JobConverted, video: Upload, again: Result, engine: str) -> list[str]:
    """Say what was different in the making."""
    reasons = []
    if told.engine != engine:
        reasons.append(f"then {told.engine}, now {engine}")
    if told.source_sha256 and told.source_sha256 != video.sha256:
        reasons.append("the source is another")
    if told.arguments and told.arguments != again.arguments:
        was, is_ = set(told.arguments), set(again.arguments)
        reasons.append(f"arguments: only then {sorted(was - is_)}, only now {sorted(is_ - was)}")
    return reasons or ["nothing that the log holds differs: another kind of processor, perhaps"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
