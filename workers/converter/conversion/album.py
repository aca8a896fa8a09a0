"""From one video to what was asked of it: a file of sound, or a ZIP of one for each chapter."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from io import FileIO
from pathlib import Path

from msgspec.structs import replace

from events.media import MOST_CHAPTERS, Media
from events.options import Chapters, Options
from workers.converter.containers.inspection import inspect
from workers.converter.containers.structure import Structure
from workers.converter.containers.zip_archive import Archive
from workers.converter.conversion import cover, single
from workers.converter.conversion.chapters import Part, parts
from workers.converter.conversion.result import Converted, OnFound, Whole
from workers.converter.conversion.steps import rewound
from workers.converter.errors import OnlySilence, TimedOut, TooLarge, TooLong, TooManyParts, Truncated
from workers.converter.ffmpeg.command import OVERRUN, Limits
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.process import OnProgress
from workers.converter.ffmpeg.transcript import Mark
from workers.converter.parallel.encoding import Sharing
from workers.converter.source.source import Stream
from workers.converter.source.sparse_file import in_thread


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
    stream: Stream | None = None,
    folder: Path | None = None,
    sharing: Sharing | None = None,
) -> Converted:
    """Do what `conversion.convert` does; with `chapters=split` a ZIP comes out, and `source` must hold all.

    One file at a time is made in `folder` (None: the system's for such), and takes as much room as it will
    in the ZIP. All of them together are held to the limits of one.
    """
    if options.chapters is not Chapters.SPLIT:
        return await single.convert(
            *(engine, source, target),
            limits=limits,
            tell=tell,
            options=options,
            found=found,
            structure=structure,
            stream=stream,
            sharing=sharing,
        )
    structure = structure if structure is not None else await asyncio.to_thread(inspect, source)
    album = _Album(engine, source, limits, tell, options, structure)
    with sharing.lanes.taken() if sharing is not None else nullcontext():
        return await album.write(target, folder, found)


class _Album:
    """One splitting under way."""

    def __init__(
        self,
        engine: Engine,
        source: FileIO,
        limits: Limits,
        tell: OnProgress,
        options: Options,
        structure: Structure,
    ) -> None:
        self._engine, self._source, self._tell = engine, source, tell
        self._limits, self._options, self._structure = limits, options, structure
        self._end = time.monotonic() + limits.wall_seconds
        self._done = 0.0

    async def write(self, target: FileIO, folder: Path | None, found: OnFound | None) -> Converted:
        whole = await single.survey(
            *(self._engine, self._source, target),
            limits=self._limits,
            options=self._options,
            structure=self._structure,
            found=found,
        )
        wanted = parts(self._options, whole.media)
        self._check(wanted, whole.media)
        picture = await cover.take(
            self._engine, partial(rewound, self._source), self._limits, self._options, whole.media
        )
        made: list[Converted] = []
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file, Archive(target) as archive:
            for part in wanted:
                try:
                    made.append(await self._part(part, file, whole))
                except Truncated:
                    if not self._options.partial or not made:
                        raise
                    break  # the rest is what the file lacks
                await cover.put(self._options.format, file, picture)
                size = await in_thread(archive.add, part.name, file)
                if size > self._limits.output_bytes:
                    raise TooLarge(self._limits.output_bytes)
                self._done += made[-1].duration_seconds
        return replace(
            made[0],
            duration_seconds=round(sum(each.duration_seconds for each in made), 6),
            media=whole.media,
            partial=len(made) < len(wanted) or any(each.partial for each in made),
            parts=len(made),
        )

    def _check(self, wanted: tuple[Part, ...], media: Media) -> None:
        """Chapters may overlap, so they can be far more than the recording."""
        if len(media.chapters) >= MOST_CHAPTERS:
            raise TooManyParts(MOST_CHAPTERS - 1)
        length = sum(each.options.end - each.options.start for each in wanted if each.options.end)
        if length > self._limits.duration_seconds + OVERRUN:
            raise TooLong(self._limits.duration_seconds)

    async def _part(self, part: Part, file: FileIO, whole: Whole) -> Converted:
        last: OnlySilence | None = None
        for options in _bearable(part.options):
            left = self._end - time.monotonic()
            if left <= 0:
                raise TimedOut(self._limits.wall_seconds)
            try:
                return await single.convert(
                    *(self._engine, self._source, file),
                    limits=replace(self._limits, wall_seconds=left),
                    tell=self._further,
                    options=options,
                    structure=self._structure,
                    whole=replace(whole, track=part.track),
                )
            except TimedOut:
                raise TimedOut(self._limits.wall_seconds) from None
            except OnlySilence as error:
                last = error
        raise last or OnlySilence

    async def _further(self, mark: Mark, length: float | None) -> None:
        await self._tell(replace(mark, seconds=self._done + mark.seconds), length)


def _bearable(options: Options) -> Iterator[Options]:
    """Yield a part's options, and then those that leave it as it is if it is nothing but silence."""
    yield options
    if options.trim_silence:
        yield replace(options, trim_silence=False)
