"""One conversion from file to file: look, run, judge, describe."""

import asyncio
import os
from io import FileIO

from workers.converter.command import Limits
from workers.converter.container import inspect
from workers.converter.diagnosis import Ended, diagnose, refuse
from workers.converter.engine import Engine
from workers.converter.errors import EngineFailed
from workers.converter.mp3 import Sound, describe
from workers.converter.process import OnProgress, run


async def convert(engine: Engine, video: FileIO, mp3: FileIO, *, limits: Limits, tell: OnProgress) -> Sound:
    """Write the first audio track of `video` into `mp3`, both private seekable files.

    Raises ConversionError when this video cannot be converted, and EngineFailed or DiskFull when it can,
    but not now.
    """
    structure = await asyncio.to_thread(inspect, video)
    if (refusal := refuse(os.fstat(video.fileno()).st_size, structure)) is not None:
        raise refusal
    video.seek(0)
    ran = await run(engine, video, mp3, limits, tell)
    sound = describe(mp3)
    ended = Ended(
        exit_code=ran.exit_code,
        overtime=ran.overtime,
        heard=ran.heard,
        structure=structure,
        seconds=ran.seconds,
        played=sound.duration_seconds if sound else None,
        output_bytes=os.fstat(mp3.fileno()).st_size,
    )
    if (error := diagnose(ended, limits)) is not None:
        raise error
    if sound is None:
        raise EngineFailed("ffmpeg was content, but what it wrote is no MP3")
    return sound
