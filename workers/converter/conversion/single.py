"""From one video to one file of sound: look, measure, encode, judge, describe."""

import math
import os
from io import FileIO

import structlog
from msgspec.structs import replace

from events.errors import TonearmError
from events.media import Media
from events.options import Cover, Format, Options
from events.timing.pauses import Pause, Pauses
from workers.converter.containers import id3_tag, output
from workers.converter.containers.sound import Sound
from workers.converter.conversion import cover, transcripts
from workers.converter.conversion.passes import COPYING, GUESSING, LAST, LOUDNESS, MEASURING, Passes
from workers.converter.conversion.result import Recording, Result
from workers.converter.conversion.task import Task
from workers.converter.errors import EngineFailed, OnlySilence, OutOfRange, Truncated
from workers.converter.ffmpeg import measurement
from workers.converter.ffmpeg import plan as planning
from workers.converter.ffmpeg.arguments import arguments
from workers.converter.ffmpeg.diagnosis import (
    Evidence,
    diagnose,
    is_damaged,
    is_soundless,
    lacks_sound,
    refusal,
    refusal_of_length,
)
from workers.converter.ffmpeg.marks import time_map
from workers.converter.ffmpeg.measurement import Measurement
from workers.converter.ffmpeg.messages import Mark, Shape
from workers.converter.ffmpeg.meter import metered
from workers.converter.ffmpeg.pauses import shortening
from workers.converter.ffmpeg.plan import DEFAULT, Plan
from workers.converter.ffmpeg.probe import content, look
from workers.converter.ffmpeg.process import Invocation, Outcome, run
from workers.converter.parallel.encoding import encode
from workers.converter.threads import in_thread

log = structlog.get_logger()

_NO_DESCRIPTOR = 3
"""Stands in recorded arguments for the progress pipe's descriptor, which differs from run to run."""
_NOTHING = Media(container="")
_SMALL = 8 << 20
"""Bytes of a file that is converted in about the time that a look takes."""
_COPIED_TO = 0.1
"""Seconds between what a copy states and what its packets decode to, at most: a few packets."""
_LOSSLESS_TO = 0.017
"""The same for FLAC, which adds nothing at the ends: half a KiB of samples at 8 kHz, as ffmpeg tells them."""
_SHORTEST = 0.1
"""Seconds of sound before the silence, at least, for a file that is not silent."""


async def look_at(task: Task) -> Media:
    """Return the content of a task's source. Raises ConversionError and EngineFailed."""
    _refuse(task)
    equipment, source = task.equipment, task.source
    return await look(equipment.engine, source.file, equipment.limits, source.structure)


class Single:
    """The conversion of one video, or of the part of a `recording` that the options cut out."""

    def __init__(self, task: Task, recording: Recording | None = None) -> None:
        self._task, self._options, self._source = task, task.options, task.source
        self._equipment, self._recording = task.equipment, recording
        self._track = recording.track if recording else ""
        self._media = recording.media if recording else None
        self._passes = Passes(task.on_progress)
        self._ran: Outcome | None = None
        """The outcome of the default plan, if that was tried instead of a look."""
        self._partial = False
        self._shapes: tuple[Shape, ...] = ()
        """The forms that the samples change to on the way, once that is known."""

    async def probe(self) -> Media | None:
        """Return the source's content; None when ffmpeg could not read any, and `finish` raises the reason.

        Where the default plan is most likely right it runs at once, which saves a look.
        """
        if self._source.seekable and self._is_usual():
            _refuse(self._task)
            self._ran = await self._run(DEFAULT, GUESSING)
            self._media = content(self._ran.findings, self._source.structure)
        else:
            self._media = await look_at(self._task)
        return self._media

    async def finish(self) -> Result:
        """Write the file that the options ask for into the task's target."""
        plan, measured = await self._plan_for(self._media)
        ran = self._ran
        if ran is None or plan.output != DEFAULT.output:
            ran = await self._run(plan, COPYING if plan.copied else LAST)
        spoilt = plan.copied and not self._is_good_copy(ran, plan)
        if self._changes(ran) or spoilt:
            plan = self._plan(replace(self._options, copy=False), self._media or _NOTHING, measured)
            ran = await self._run(plan, LAST)
            if self._changes(ran):
                plan = self._plan(replace(self._options, copy=False), self._media or _NOTHING, measured)
                ran = await self._run(plan, LAST)
        sound, partial = await self._judge(ran, plan)
        if self._media is None:
            raise EngineFailed("ffmpeg converted a file and did not say what is in it")
        length = sound.duration_seconds
        heard = self._plan(replace(self._options, copy=plan.copied), self._media, measured, length)
        if plan.format is Format.MP3:
            await in_thread(id3_tag.embed, self._task.target, heard.words.tags, heard.words.marks)
        elif len(heard.words.marks) < len(plan.words.marks):  # there is less sound than video
            plan = heard
            ran = await self._run(plan, LAST)
            sound, partial = await self._judge(ran, plan)
        picture = await cover.take(self._task, self._media)
        place = await cover.put(plan.format, self._task.target, picture)
        times = time_map(self._options, measured, length)
        known = self._recording
        texts = known.texts if known else await transcripts.take(self._task, self._media)
        await self._passes.end()
        silent = measured.silent_until if measured and self._options.trim_silence else 0.0
        return Result(
            duration_seconds=sound.duration_seconds,
            sample_rate=sound.sample_rate,
            channels=sound.channels,
            media=self._media,
            format=plan.format,
            arguments=tuple(
                arguments(self._equipment.limits, _NO_DESCRIPTOR, plan, self._source.structure.lead)
            ),
            copied=plan.copied,
            partial=partial or self._partial,
            peaks=_peaks(ran, sound),
            pauses=Pauses(_pauses(ran, sound), measured.shortening.seams(silent) if measured else ()),
            seconds_saved=round(measured.shortening.seconds, 3) if measured else 0.0,
            texts=transcripts.heard(texts, times.in_audio),
            cover=place,
            silence_cut=silent if self._options.trim_silence else None,
        )

    def _is_usual(self) -> bool:
        """Return True if these options make the default plan of most files of this kind.

        MP4 and WebM hold AAC, Opus or Vorbis nearly always, so there is nothing to be copied into an MP3.
        Where it is not right, all is done twice: in a large file a look costs less than that chance.
        """
        if self._source.size > _SMALL:
            return False
        self._source.file.seek(0)
        head = self._source.file.read(64)
        usual = replace(
            self._options,
            copy=True,
            partial=None,
            cover=Cover.NONE,
            cover_at=None,
            retain_video=None,
            retain_audio=None,
            retain_record=None,
        )
        return usual == Options() and (head[4:8] == b"ftyp" or b"webm" in head)

    async def _plan_for(self, media: Media | None) -> tuple[Plan, Measurement | None]:
        """Return the plan, and the measurement that it rests on. Raises TooLong, OutOfRange, TrackMissing."""
        if media is None:
            return DEFAULT, None
        measured = await self._measured(media)
        plan = self._plan(self._options, media, measured)
        error = refusal_of_length(media, plan.expected_seconds, self._equipment.limits)
        if error is not None and self._ran is None:
            raise error
        return plan, measured

    def _plan(
        self, options: Options, media: Media, measured: Measurement | None, length: float = math.inf
    ) -> Plan:
        seekable = self._source.seekable
        return planning.plan(
            options,
            media,
            measured,
            track=self._track,
            seekable=seekable,
            length=length,
            shapes=self._shapes,
        )

    def _changes(self, ran: Outcome) -> bool:
        """Return True if a run has shown for the first time that the samples change their form."""
        if self._shapes or not ran.findings.shapes or ran.exit_code != 0:
            return False
        self._shapes = ran.findings.shapes
        return True

    async def _measured(self, media: Media) -> Measurement | None:
        """Return the first pass's measurement, with the loudness of the whole recording for a part of one."""
        recording = self._recording
        if recording is None or self._options.loudness is None:
            share = MEASURING if self._options.loudness is None else LOUDNESS
            return await self.measure(media, share=share)
        plain = replace(self._options, loudness=None, true_peak=Options().true_peak)
        seconds = planning.plan(plain, media).expected_seconds or 0.0
        own = await self.measure(media, plain, share=MEASURING) or Measurement(seconds=seconds)
        return replace(own, loudness=recording.loudness, true_peak=recording.true_peak)

    async def measure(
        self, media: Media, options: Options | None = None, *, share: float = LAST
    ) -> Measurement | None:
        """Return a first pass's measurement; None where the options, the task's by default, need none.

        Empties the target.
        """
        options, seekable = options or self._options, self._source.seekable
        plan = planning.measuring_plan(options, media, seekable=seekable, shapes=self._shapes)
        if plan is None:
            return None
        ran = await self._run(plan, share)
        if self._changes(ran):
            return await self.measure(media, options, share=share)
        await self._refuse_soundless(ran)
        rate = planning.counting_rate(options, media, self._shapes)
        counted = measurement.counted(ran.findings.tail, rate)
        length = ran.seconds if counted is None else counted
        self._partial = self._raise(replace(self._evidence(ran, plan, sized=False), seconds=length))
        measured = self._shortened(
            measurement.read(ran.findings.tail, length, ran.findings.silent_until), ran
        )
        silent = measured.silent_from is not None and measured.silent_from < _SHORTEST
        if silent:
            raise OnlySilence
        return measured

    def _shortened(self, measured: Measurement, ran: Outcome) -> Measurement:
        """Add what is left out of pauses to a measurement, if the options ask for it."""
        longest, window = self._options.shorten_pauses, ran.levels.window
        if longest is None or not window:
            return measured
        kept = (0.0, measured.seconds)
        if self._options.trim_silence:
            end = measured.silent_from
            kept = (measured.silent_until, measured.seconds if end is None else end)
        envelope = ran.levels.envelope(self._rate())
        return replace(measured, shortening=shortening(envelope, window, longest, kept=kept))

    def _rate(self) -> int:
        """Return the sample rate of the source's sound; 0: it is not known."""
        media = self._media
        return planning.counting_rate(self._options, media, self._shapes) if media is not None else 0

    async def _run(self, plan: Plan, share: float) -> Outcome:
        watch = self._passes.next(share)
        longest = plan.expected_seconds or planning.at_most(self._options, self._media or _NOTHING)

        async def on_progress(mark: Mark, length: float | None) -> None:
            await watch(mark, longest or length)

        if self._recording is None:
            plan = metered(plan, self._source.size, self._rate())
        equipment, target = self._equipment, self._task.target
        target.seek(0)
        target.truncate()
        async with self._source.opened() as source:
            invocation = Invocation(
                engine=equipment.engine,
                source=source,
                target=target,
                plan=plan,
                limits=equipment.limits,
                on_progress=on_progress,
                size=self._source.size,
                lead=self._source.structure.lead,
            )
            return await encode(invocation, equipment.sharing, equipment.workshop, self._media)

    def _is_good_copy(self, ran: Outcome, plan: Plan) -> bool:
        """Return True if the copy holds all that its packets decode to, and states that length.

        The container may not take packets of this kind after all. It may state what the source stated, or
        have its packets at times that cannot be; or they change their form on the way.
        """
        sound, found = output.describe(plan.format, self._task.target), ran.findings
        if ran.exit_code != 0 or sound is None or sound.duration_seconds <= 0:
            return False
        if found.shapes or not ran.steady or found.decoded is None:
            return False
        exactly = _LOSSLESS_TO if plan.format is Format.FLAC else _COPIED_TO
        return abs(found.decoded - sound.duration_seconds) <= exactly

    async def _judge(self, ran: Outcome, plan: Plan) -> tuple[Sound, bool]:
        """Return the sound that was written, and whether it is only a part. Raises what went wrong."""
        sound = output.describe(plan.format, self._task.target)
        # FLAC's encoder writes its head for no sound, too, and ffmpeg takes that for a result.
        empty = ran.exit_code == 0 and sound is not None and sound.duration_seconds == 0
        await self._refuse_soundless(ran, empty=empty)
        evidence = self._evidence(ran, plan)
        if empty:
            evidence = replace(evidence, exit_code=1)
        if plan.uniform and sound is not None:
            evidence = replace(evidence, seconds=sound.duration_seconds)
        if is_damaged(ran.findings) and not ran.exit_code and evidence.findings.length is not None:
            evidence = replace(evidence, played=await self._played())
        partial = self._raise(evidence, sound)
        if sound is None:
            raise EngineFailed(f"ffmpeg was content, but what it wrote is no {plan.format}")
        return sound, partial

    async def _played(self) -> float:
        """Count the seconds of sound in a damaged source: its holes are silence in the result."""
        seekable = self._source.seekable
        media = self._media or _NOTHING
        plan = planning.counting_plan(self._options, media, seekable=seekable, shapes=self._shapes)
        ran = await self._aside(plan)
        counted = measurement.counted(ran.findings.tail, planning.rate_of(plan))
        return ran.seconds if counted is None else counted / self._options.speed

    async def _refuse_soundless(self, ran: Outcome, *, empty: bool = False) -> None:
        """Raise OutOfRange, OnlySilence or Truncated for a part without sound of a source that has some."""
        part = self._options.start or self._options.end is not None
        if not (part and self._media and self._media.tracks and (empty or is_soundless(ran.findings))):
            return
        end = (await self._aside(planning.sounding_plan(self._options, self._media))).seconds
        if end > self._options.start:
            raise OnlySilence
        if lacks_sound(ran.findings, self._source.structure, end):
            raise Truncated
        if end:
            raise OutOfRange(end, sound=True)

    async def _aside(self, plan: Plan) -> Outcome:
        """Run a plan that writes nothing."""
        equipment = self._equipment
        async with self._source.opened() as source:
            with FileIO(os.devnull, "r+") as nowhere:
                invocation = Invocation(
                    engine=equipment.engine,
                    source=source,
                    target=nowhere,
                    plan=plan,
                    limits=equipment.limits,
                    size=self._source.size,
                    lead=self._source.structure.lead,
                )
                return await run(invocation)

    def _raise(self, evidence: Evidence, sound: Sound | None = None) -> bool:
        """Raise what went wrong. Return True for a truncated source whose part the options ask for."""
        error: TonearmError | None = diagnose(evidence, self._equipment.limits)
        if error is None:
            return False
        wanted = self._options.partial and isinstance(error, Truncated) and evidence.exit_code == 0
        if wanted and evidence.seconds > 0 and (sound is None or sound.duration_seconds > 0):
            return True
        raise error

    def _evidence(self, ran: Outcome, plan: Plan, *, sized: bool = True) -> Evidence:
        findings, stated = ran.findings, ran.findings.length
        if not self._source.seekable:
            stated = plan.expected_seconds
        elif plan.output != DEFAULT.output:
            stated = plan.expected_seconds if stated is not None else None
        findings = replace(findings, length=stated)
        return Evidence(
            exit_code=ran.exit_code,
            overtime=ran.overtime,
            findings=findings,
            structure=self._source.structure,
            seconds=ran.seconds,
            output_bytes=os.fstat(self._task.target.fileno()).st_size if sized else 0,
        )


def _peaks(ran: Outcome, sound: Sound) -> bytes:
    peaks = ran.levels.waveform(sound.duration_seconds, sound.sample_rate)
    if ran.levels.window and not peaks:
        log.info("peaks_left_out", seconds=sound.duration_seconds)
    return peaks


def _pauses(ran: Outcome, sound: Sound) -> tuple[Pause, ...]:
    return ran.levels.envelope(sound.sample_rate).pauses(sound.duration_seconds)


def _refuse(task: Task) -> None:
    if (error := refusal(task.source.size, task.source.structure)) is not None:
        raise error
