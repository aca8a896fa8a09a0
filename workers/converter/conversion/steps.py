"""One conversion under way: look, listen, run, judge, describe."""

import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from io import FileIO

from msgspec.structs import replace

from events.errors import TonearmError
from events.media import Media
from events.options import Cover, Options
from workers.converter.containers import output
from workers.converter.containers.sound import Sound
from workers.converter.containers.structure import Structure
from workers.converter.conversion import cover, measurement
from workers.converter.conversion.result import Converted, OnFound, Whole
from workers.converter.errors import EngineFailed, OnlySilence, Truncated
from workers.converter.ffmpeg import plan as planning
from workers.converter.ffmpeg.command import Limits, arguments
from workers.converter.ffmpeg.diagnosis import Ended, diagnose, refuse_length
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.filters import Measured
from workers.converter.ffmpeg.plan import DEFAULT, Plan
from workers.converter.ffmpeg.probe import look
from workers.converter.ffmpeg.process import OnProgress, Run
from workers.converter.ffmpeg.transcript import Mark
from workers.converter.parallel.encoding import Job, Sharing, encode
from workers.converter.source.source import Stream

_NO_DESCRIPTOR = 3
"""Stands in recorded arguments for the progress pipe's, which is another each time."""
_NOTHING = Media(container="")
_SMALL = 8 << 20
"""Bytes of a file that is converted in about the time that a look takes."""
_SHORTEST = 0.1
"""Seconds that must be left for a sound to be more than silence."""


@asynccontextmanager
async def rewound(source: FileIO) -> AsyncGenerator[FileIO, None]:
    """Give a seekable file for a block, from its beginning."""
    source.seek(0)
    yield source


class Conversion:
    """One conversion under way."""

    def __init__(
        self,
        engine: Engine,
        source: FileIO,
        target: FileIO,
        limits: Limits,
        tell: OnProgress,
        options: Options,
        structure: Structure,
        stream: Stream | None = None,
        sharing: Sharing | None = None,
    ) -> None:
        self._engine, self._source, self._target = engine, source, target
        self._limits, self._tell, self._options, self._structure = limits, tell, options, structure
        self._stream, self._sharing = stream, sharing
        self._media: Media | None = None
        self._partial = False

    async def convert(self, found: OnFound | None, whole: Whole | None) -> Converted:
        """Try the usual plan at once where it will most likely be right: that saves a look."""
        media, ran = whole.media if whole else None, None
        track = whole.track if whole else ""
        if media is not None:
            pass
        elif self._stream is None and self._is_usual():
            ran = await self._run(DEFAULT)
            media = ran.heard.media
        else:
            media = await look(self._engine, self._source, self._limits, self._structure)
        self._media = media
        if media is not None and found is not None:
            await found(media)
        plan, measured = DEFAULT, None
        if media is not None:
            measured = await self._measured(media, whole)
            plan = self._plan(self._options, media, measured, track)
            error = refuse_length(media, plan.expected_seconds, self._limits)
            if error is not None and ran is None:
                raise error
        if ran is None or plan.output != DEFAULT.output:
            ran = await self._run(plan)
        if plan.copied and not self._is_good(
            ran, plan
        ):  # packets that this container does not take, after all
            plan = self._plan(replace(self._options, copy=False), media or _NOTHING, measured, track)
            ran = await self._run(plan)
        sound, partial = self._judge(ran, plan)
        if media is None:
            raise EngineFailed("ffmpeg converted a file and did not say what is in it")
        picture = await cover.take(self._engine, self._opened, self._limits, self._options, media)
        await cover.put(plan.format, self._target, picture)
        return Converted(
            duration_seconds=sound.duration_seconds,
            sample_rate=sound.sample_rate,
            channels=sound.channels,
            media=media,
            format=plan.format,
            arguments=tuple(arguments(self._limits, _NO_DESCRIPTOR, plan)),
            copied=plan.copied,
            partial=partial or self._partial,
        )

    def _is_usual(self) -> bool:
        """Tell whether these options make the default plan of most files of this kind.

        MP4 and WebM hold AAC, Opus or Vorbis nearly always, so there is nothing to be copied into an MP3.
        Where it is not right, all is done twice: in a large file a look costs less than that chance.
        """
        if os.fstat(self._source.fileno()).st_size > _SMALL:
            return False
        self._source.seek(0)
        head = self._source.read(64)
        usual = replace(self._options, copy=True, partial=False, cover=Cover.NONE, cover_at=None)
        return usual == Options() and (head[4:8] == b"ftyp" or b"webm" in head)

    def _plan(self, options: Options, media: Media, measured: Measured | None, track: str) -> Plan:
        return planning.plan(options, media, measured, track=track, seekable=self._stream is None)

    async def _measured(self, media: Media, whole: Whole | None) -> Measured | None:
        """Return what a first pass finds, and of a part how loud the whole recording is."""
        if whole is None or self._options.loudness is None:
            return await self.measure(media)
        plain = replace(self._options, loudness=None, true_peak=Options().true_peak)
        seconds = planning.plan(plain, media).expected_seconds or 0.0
        of_itself = await self.measure(media, plain) or Measured(seconds=seconds)
        return replace(of_itself, loudness=whole.loudness, true_peak=whole.true_peak)

    async def measure(self, media: Media, options: Options | None = None) -> Measured | None:
        """Return what a first pass finds; None where these options, or ours, need none."""
        plan = planning.measuring(options or self._options, media, seekable=self._stream is None)
        if plan is None:
            return None
        ran = await self._run(plan, quiet=True)
        self._partial = self._raise(self._ended(ran, plan, None, sized=False))
        measured = measurement.read(ran.heard.tail, ran.seconds)
        silent = measured.silent_from is not None and measured.silent_from < _SHORTEST
        if silent:
            raise OnlySilence
        return measured

    async def _run(self, plan: Plan, *, quiet: bool = False) -> Run:
        async def tell(mark: Mark, length: float | None) -> None:
            if not quiet:  # a stream knows no length
                await self._tell(mark, plan.expected_seconds or length)

        self._target.seek(0)
        self._target.truncate()
        async with self._opened() as source:
            size = os.fstat(self._source.fileno()).st_size
            job = Job(self._engine, source, self._target, self._limits, tell, plan, size)
            return await encode(self._sharing, job, self._media)

    def _opened(self) -> AbstractAsyncContextManager[FileIO]:
        return self._stream() if self._stream is not None else rewound(self._source)

    def _is_good(self, ran: Run, plan: Plan) -> bool:
        sound = output.describe(plan.format, self._target)
        return ran.exit_code == 0 and sound is not None and sound.duration_seconds > 0

    def _judge(self, ran: Run, plan: Plan) -> tuple[Sound, bool]:
        sound = output.describe(plan.format, self._target)
        partial = self._raise(self._ended(ran, plan, sound), sound)
        if sound is None:
            raise EngineFailed(f"ffmpeg was content, but what it wrote is no {plan.format}")
        return sound, partial

    def _raise(self, ended: Ended, sound: Sound | None = None) -> bool:
        """Raise what went wrong, unless it is a part that was asked for: then tell so."""
        error: TonearmError | None = diagnose(ended, self._limits)
        if error is None:
            return False
        wanted = self._options.partial and isinstance(error, Truncated) and ended.exit_code == 0
        if wanted and ended.seconds > 0 and (sound is None or sound.duration_seconds > 0):
            return True
        raise error

    def _ended(self, ran: Run, plan: Plan, sound: Sound | None, *, sized: bool = True) -> Ended:
        heard = ran.heard
        if self._stream is not None:
            heard = replace(heard, length=plan.expected_seconds)
        elif plan.output != DEFAULT.output:
            heard = replace(heard, length=plan.expected_seconds if heard.length is not None else None)
        return Ended(
            exit_code=ran.exit_code,
            overtime=ran.overtime,
            heard=heard,
            structure=self._structure,
            seconds=ran.seconds,
            played=sound.duration_seconds if sound else None,
            output_bytes=os.fstat(self._target.fileno()).st_size if sized else 0,
        )
