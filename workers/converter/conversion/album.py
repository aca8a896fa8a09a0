"""From one video to a ZIP with a file of sound for each chapter.

One file at a time is made in the work directory, and takes as much room there as it will in the ZIP. A
chapter without sound is left out. All of them together are held to the limits of one conversion.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from io import BytesIO, FileIO
from itertools import accumulate

from msgspec.structs import replace

from events.media import Media
from service.transcripts.writing import as_webvtt
from workers.converter.containers.pictures.tag import Place
from workers.converter.containers.zip_archive import Archive
from workers.converter.conversion import cover, transcripts
from workers.converter.conversion.chapters import Part, parts
from workers.converter.conversion.passes import LOUDNESS, Passes
from workers.converter.conversion.result import Recording, Result, Text
from workers.converter.conversion.single import Single, look_at
from workers.converter.conversion.task import Task
from workers.converter.errors import (
    ConversionError,
    OnlySilence,
    OutOfRange,
    TimedOut,
    TooLarge,
    TooLong,
    TooManyParts,
    Truncated,
)
from workers.converter.ffmpeg.arguments import OVERRUN
from workers.converter.ffmpeg.plan import at_most
from workers.converter.threads import in_thread

MOST_PARTS = 400
"""Files in a ZIP."""
_MOST_TITLES, _LONGEST_TITLE = 20, 100
"""Of chapters that are left out: an event has little room."""


class Album:
    """The conversion of one video into a ZIP. The source's file must hold all of the video."""

    def __init__(self, task: Task) -> None:
        equipment = task.equipment
        self._limits, self._workshop, self._sharing = equipment.limits, equipment.workshop, equipment.sharing
        # The album as a whole takes one lane, so its parts take none.
        self._task = replace(task, equipment=replace(equipment, sharing=None))
        self._end = time.monotonic() + self._limits.wall_seconds
        self._media: Media | None = None
        self._passes = Passes(task.on_progress)

    async def probe(self) -> Media:
        """Return the video's content."""
        self._media = await look_at(self._task)
        return self._media

    async def finish(self) -> Result:
        """Convert all parts and write the ZIP."""
        media = self._media or await self.probe()
        self._passes = Passes(self._task.on_progress, at_most(self._task.options, media))
        with self._sharing.lanes.taken() if self._sharing is not None else nullcontext():
            return await self._write(await self._recording(media))

    async def _recording(self, media: Media) -> Recording:
        """Measure the loudness of all chapters together, if the options ask for one."""
        options = replace(self._task.options, fade_out=0.0, trim_silence=False, shorten_pauses=None)
        share = LOUDNESS if options.loudness is not None else 0.0
        task = replace(self._task, options=options, on_progress=self._passes.next(share))
        measured = await Single(task).measure(media)
        recording = Recording(media=media, texts=await transcripts.take(self._task, media))
        if measured is None:
            return recording
        return replace(recording, loudness=measured.loudness, true_peak=measured.true_peak)

    async def _write(self, recording: Recording) -> Result:
        options, target = self._task.options, self._task.target
        wanted = parts(options, recording.media)
        self._check(wanted)
        picture = await cover.take(self._task, recording.media)
        made: list[Result] = []
        silent: list[Part] = []
        reason: ConversionError | None = None
        with self._workshop.file() as file, Archive(target) as archive:
            for part, share in zip(wanted, _shares(wanted), strict=True):
                try:
                    done = await self._part(part, file, recording, share)
                except (OnlySilence, OutOfRange) as error:
                    silent.append(part)
                    reason = error
                    continue
                except Truncated:
                    if not options.partial or not made:
                        raise
                    break  # the rest is what the file lacks
                await cover.put(options.format, file, picture)
                size = await in_thread(archive.add, part.name, file)
                for name, text in texts_beside(part.name, done.texts):
                    size = await in_thread(archive.add, name, BytesIO(text))
                if size > self._limits.output_bytes:
                    raise TooLarge(self._limits.output_bytes)
                made.append(replace(done, texts=()))  # hundreds of parts may say the same, at length
        if not made and reason is not None:
            raise reason
        await self._passes.end()
        return replace(
            made[0],
            duration_seconds=round(sum(each.duration_seconds for each in made), 6),
            media=recording.media,
            partial=len(made) + len(silent) < len(wanted) or any(each.partial for each in made),
            parts=len(made),
            peaks=b"",
            texts=(),
            pauses=None,
            seconds_saved=round(sum(each.seconds_saved for each in made), 3),
            cover=Place(),
            silence_cut=None,
            left_out=tuple(part.title[:_LONGEST_TITLE] for part in silent[:_MOST_TITLES]),
        )

    def _check(self, wanted: tuple[Part, ...]) -> None:
        """Refuse too many or too long chapters: they may overlap, and add up to more than the recording."""
        if len(wanted) > MOST_PARTS:
            raise TooManyParts(MOST_PARTS)
        length = sum(each.options.end - each.options.start for each in wanted if each.options.end)
        if length > self._limits.duration_seconds + OVERRUN:
            raise TooLong(self._limits.duration_seconds)

    async def _part(self, part: Part, file: FileIO, recording: Recording, share: float) -> Result:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimedOut(self._limits.wall_seconds)
        equipment = replace(self._task.equipment, limits=replace(self._limits, wall_seconds=left))
        task = Task(equipment, self._task.source, file, part.options, self._passes.next(share))
        try:
            return await Single(task, replace(recording, track=part.track)).finish()
        except TimedOut:
            raise TimedOut(self._limits.wall_seconds) from None


def texts_beside(name: str, texts: Sequence[Text]) -> Iterator[tuple[str, bytes]]:
    """Yield a file of WebVTT for each text, named like the file of sound and by its language."""
    stem, taken = name.rpartition(".")[0], set[str]()
    for text in texts:
        plain = f"{stem}.{text.language}" if text.language else stem
        own = plain if plain not in taken else f"{plain}.{text.track}"
        taken.add(own)
        yield f"{own}.vtt", as_webvtt(text.cues)


def _shares(wanted: tuple[Part, ...]) -> list[float]:
    """Return how much each part is of itself and all behind it, by length."""
    lengths = [max((each.options.end or 0.0) - each.options.start, 0.0) for each in wanted]
    left = accumulate(reversed(lengths))
    return [
        length / behind if behind else 1.0
        for length, behind in zip(lengths, reversed(list(left)), strict=True)
    ]
