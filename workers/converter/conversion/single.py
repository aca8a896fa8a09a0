"""One conversion from file to file, and what has to be known before those of parts."""

import asyncio
import os
from io import FileIO

from msgspec.structs import replace

from events.options import Options
from workers.converter.containers.inspection import inspect
from workers.converter.containers.structure import Structure
from workers.converter.conversion.result import Converted, OnFound, Whole
from workers.converter.conversion.steps import Conversion
from workers.converter.ffmpeg.command import Limits
from workers.converter.ffmpeg.diagnosis import refuse
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.probe import look
from workers.converter.ffmpeg.process import OnProgress
from workers.converter.parallel.encoding import Sharing
from workers.converter.source.source import Stream


async def convert(
    engine: Engine,
    source: FileIO,
    target: FileIO,
    *,
    limits: Limits,
    tell: OnProgress,
    options: Options = Options(),  # noqa: B008 - it is frozen
    found: OnFound | None = None,
    structure: Structure | None = None,
    whole: Whole | None = None,
    stream: Stream | None = None,
    sharing: Sharing | None = None,
) -> Converted:
    """Write what `options` ask of `source` into `target`, both private seekable files.

    `structure` is what the source's container says of itself; None: look. `whole`: this is a part of it. With
    a `stream` the source, as long as it is, need hold no more than shows what is in it: each pass reads one.
    `sharing`: cores that may help with a long MP3, which is the same without.

    Raises ConversionError when this source cannot be converted so, and EngineFailed or DiskFull when it
    can, but not now.
    """
    seen = structure if structure is not None else await asyncio.to_thread(inspect, source)
    _refuse(source, seen)
    work = Conversion(engine, source, target, limits, tell, options, seen, stream, sharing)
    return await work.convert(found, whole)


async def survey(
    engine: Engine,
    source: FileIO,
    target: FileIO,
    *,
    limits: Limits,
    options: Options,
    structure: Structure,
    found: OnFound | None = None,
) -> Whole:
    """Return what has to be known before parts of it are converted. Empties `target`.

    Raises what `convert` does.
    """
    _refuse(source, structure)
    media = await look(engine, source, limits, structure)
    if found is not None:
        await found(media)
    loudness = replace(options, fade_out=0.0, trim_silence=False)
    all_of_it = Conversion(engine, source, target, limits, _ignore, loudness, structure)
    measured = await all_of_it.measure(media)
    if measured is None:
        return Whole(media=media)
    return Whole(media=media, loudness=measured.loudness, true_peak=measured.true_peak)


def _refuse(source: FileIO, structure: Structure) -> None:
    if (refusal := refuse(os.fstat(source.fileno()).st_size, structure)) is not None:
        raise refusal


async def _ignore(mark: object, length: float | None) -> None:
    pass
