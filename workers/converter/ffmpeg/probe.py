"""Finds out what a file holds. There is no ffprobe: ffmpeg itself does it, in the same cage. See `dump`."""

import asyncio
import os
from bisect import bisect_right
from collections.abc import Iterable
from io import FileIO

from msgspec.structs import replace

from events import tracing
from events.media import Chapter, Media
from workers.converter.containers.inspection import inspect
from workers.converter.containers.structure import Structure
from workers.converter.errors import NotMedia
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.diagnosis import Evidence, diagnose, refusal
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.messages import Findings
from workers.converter.ffmpeg.plan import LOOK
from workers.converter.ffmpeg.process import Invocation, run
from workers.converter.ffmpeg.timeline import HOLE

PATIENCE = 30.0
"""Seconds for a look; a file that needs more is not an honest one."""


async def probe(engine: Engine, source: FileIO, limits: Limits) -> Media:
    """Return the content of a seekable file.

    Raises ConversionError when it cannot be read, and EngineFailed when the trouble is ours. A file that is
    cut, encrypted or without sound has a content all the same, where its head can be read.
    """
    structure = await asyncio.to_thread(inspect, source)
    if os.fstat(source.fileno()).st_size == 0:
        raise NotMedia(empty=True)
    return await look(engine, source, limits, structure)


async def look(engine: Engine, source: FileIO, limits: Limits, structure: Structure) -> Media:
    """Return the content of a file whose structure is known. Raises as `probe` does."""
    source.seek(0)
    hurried = replace(limits, wall_seconds=min(limits.wall_seconds, PATIENCE))
    with tracing.span("probe"), FileIO(os.devnull, "r+") as nowhere:
        ran = await run(
            Invocation(
                engine=engine,
                source=source,
                target=nowhere,
                plan=LOOK,
                limits=hurried,
                lead=structure.lead,
            )
        )
    media = content(ran.findings, structure)
    if media is not None and not ran.overtime:
        return media
    evidence = Evidence(
        exit_code=ran.exit_code, overtime=ran.overtime, findings=ran.findings, structure=structure
    )
    raise refusal(1, structure) or diagnose(evidence, hurried) or NotMedia()


def content(findings: Findings, structure: Structure) -> Media | None:
    """Return ffmpeg's findings, with the chapters that are shown; None when it could not open the file."""
    media = findings.media
    if media is None:
        return None
    hidden = hidden_lead(findings, structure)
    chapters = _moved(media.chapters, hidden)
    if structure.chapters is not None:
        chapters = _moved(structure.chapters, hidden - findings.start)
    tracks = tuple(replace(each, start=round(each.start + hidden, 6)) for each in media.tracks)
    return replace(media, tracks=tracks, chapters=_ended(chapters, media.duration_seconds))


def hidden_lead(findings: Findings, structure: Structure) -> float:
    """Return the seconds at the beginning that ffmpeg does not see.

    In Matroska it finds no time for pictures whose order is another than that of their packets (B-frames of
    H.264) without a decoder of theirs, which it may not use here. Its clock then begins with the sound.
    """
    if structure.begins is None or findings.start - structure.begins < HOLE:
        return 0.0
    return findings.start - structure.begins


def _moved(chapters: Iterable[Chapter], by: float) -> tuple[Chapter, ...]:
    return tuple(
        Chapter(start=max(each.start + by, 0.0), end=max(each.end + by, 0.0), title=each.title)
        for each in chapters
    )


def _ended(chapters: tuple[Chapter, ...], duration: float) -> tuple[Chapter, ...]:
    """Return the chapters, each once: one that has no end of its own ends where the next one begins."""
    starts = [*sorted({each.start for each in chapters}), duration]
    found: dict[tuple[float, float], Chapter] = {}
    for each in chapters:
        end = (
            each.end
            if each.end > each.start
            else starts[bisect_right(starts, each.start, hi=len(starts) - 1)]
        )
        found.setdefault((each.start, end), replace(each, end=end))
    return tuple(found.values())
