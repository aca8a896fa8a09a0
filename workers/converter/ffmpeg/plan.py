"""From the options and the source's content to ffmpeg's arguments. Pure."""

import math

from msgspec import Struct
from msgspec.structs import replace

from events.media import Media, Track
from events.options import Format, Options
from workers.converter.errors import TrackMissing
from workers.converter.ffmpeg import uniform
from workers.converter.ffmpeg.encoders import BLOCK, MUXERS, can_copy, encoder_arguments
from workers.converter.ffmpeg.filters import (
    COUNTING,
    first_filters,
    last_filters,
    measuring_filters,
    need_measurement,
)
from workers.converter.ffmpeg.languages import find
from workers.converter.ffmpeg.marks import marks_of
from workers.converter.ffmpeg.measurement import Measurement
from workers.converter.ffmpeg.messages import Shape
from workers.converter.ffmpeg.pauses import window_of
from workers.converter.ffmpeg.tags import tags_of
from workers.converter.ffmpeg.timeline import cut, is_hidden, offset
from workers.converter.ffmpeg.words import Words, mapping

_MARGIN = 5.0
"""Seconds before a cut where decoding begins: codecs and containers need some to be exact."""
_SEEKABLE = ("mov,", "matroska,")
"""Containers whose packets hold their time, wherever one begins to read."""
_EXACT = ("mov,",)
"""Containers that hold it to the sample."""


class Plan(Struct, frozen=True):
    """The arguments of one run of ffmpeg that depend on options and source."""

    format: Format
    input: tuple[str, ...]
    """Before `-i`."""
    output: tuple[str, ...]
    """Between input and output file; empty: it only opens the file."""
    uniform: tuple[str, ...] = ()
    """An output before, in which a sound that changes on the way has one form, see `uniform`."""
    check: tuple[str, ...] = ()
    """An output behind, which decodes the packets that are copied."""
    copied: bool = False
    pictures: bool = False
    """It decodes a picture, and no sound."""
    texts: tuple[int, ...] = ()
    """It decodes these tracks of subtitles, and no sound: the first one into the target, see `subtitles`."""
    words: Words = Words()
    """Tags and marks; see `words` for the way that they take."""
    expected_seconds: float | None = None
    """The length that the result should have; None: it cannot be known."""
    window: int = 0
    """Samples of each window that is measured, see `meter`; 0: nothing is."""


LOOK = Plan(Format.MP3, (), ())
"""Only open the file and print its content."""
_UNKNOWN = Track(index=0, codec="")
ENCODER = "-c:a"
"""Stands before the encoder in a plan's output, and behind its filters."""


def plan(
    options: Options,
    media: Media,
    measured: Measurement | None = None,
    *,
    track: str = "",
    seekable: bool = True,
    length: float = math.inf,
    shapes: tuple[Shape, ...] = (),
) -> Plan:
    """Return the plan of a conversion.

    `measured` comes from the pass of `measuring_plan`. `track` is the number of one file of several, as in
    `1/12`. `length` is that of the result in seconds, where it is known: no mark is behind it. A pipe is not
    `seekable`: all before a cut is then decoded. `shapes` are those that the samples change to on the way.
    Raises TrackMissing. The plan for a file without sound will fail, with a reason.
    """
    sound = uniform.widest(options, choose(options, media), shapes)
    seek = _seek(options, media, sound, exactly=bool(track)) if seekable else 0.0
    copied = not shapes and can_copy(options, sound)
    filters = []
    if not copied:
        filters = [
            *first_filters(options, media, sound, seek),
            *last_filters(options, measured),
            *_timed(options),
            *_in_blocks(options),
        ]
    before, filtered = _sound(options, media, sound, seek, filters, shapes)
    words = Words(tags_of(options, media, number=track), marks_of(options, media, measured, length))
    packets = ["-c:a", "copy"] if copied else encoder_arguments(options, sound)
    return Plan(
        options.format,
        _input(media, sound, seek, shapes),
        (
            *(_only(sound) if copied else filtered),
            *packets,
            *("-fflags", "+bitexact", "-flags:a", "+bitexact"),
            *(("-id3v2_version", "0") if options.format is Format.MP3 else ()),
            *mapping(options.format, words),
            *("-f", MUXERS[options.format]),
        ),
        uniform=before if not copied else (),
        check=(*_only(sound), "-c:a", "pcm_f32le", "-f", "null") if copied else (),
        copied=copied,
        words=words,
        expected_seconds=_expected(options, media, measured),
    )


def measuring_plan(
    options: Options, media: Media, *, seekable: bool = True, shapes: tuple[Shape, ...] = ()
) -> Plan | None:
    """Return the plan of a first pass that only measures; None when nothing has to be measured."""
    if not need_measurement(options):
        return None
    track = uniform.widest(options, choose(options, media), shapes)
    seek = _seek(options, media, track) if seekable else 0.0
    window = 0 if options.shorten_pauses is None else window_of(track.sample_rate)
    filters = [
        *first_filters(options, media, track, seek),
        *measuring_filters(
            options, track.sample_rate if shapes or options.loudness is not None else 0, window
        ),
    ]
    before, filtered = _sound(options, media, track, seek, filters, shapes)
    return Plan(
        options.format,
        _input(media, track, seek, shapes),
        (*filtered, "-f", "null"),
        uniform=before,
        expected_seconds=at_most(options, media),
        window=window,
    )


def counting_plan(
    options: Options,
    media: Media,
    *,
    seekable: bool = True,
    holes: bool = False,
    shapes: tuple[Shape, ...] = (),
) -> Plan:
    """Return the plan of a pass whose position is the length of the sound, with or without its holes.

    Where the form of the samples changes, their number is reported instead.
    """
    track = uniform.widest(options, choose(options, media), shapes)
    seek = _seek(options, media, track) if seekable else 0.0
    count = [f"asetpts=N/SR/TB/{options.speed:.6f}", *([COUNTING] if shapes else ())]
    filters = [*cut(options, media, track, seek), *([] if holes else count)]
    before, filtered = _sound(options, media, track, seek, filters, shapes)
    begun = _input(media, track, seek, shapes)
    return Plan(options.format, begun, (*filtered, "-f", "null"), uniform=before)


def _sound(
    options: Options, media: Media, track: Track, seek: float, filters: list[str], shapes: tuple[Shape, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the arguments that bring the track's samples through the filters: an output before, and ours."""
    if not shapes:
        return (), (*_only(track), *(("-af", ",".join(filters)) if filters else ()))
    first = ",".join(uniform.first_filters(options, track, seek))
    before = (*_only(track), "-af", first, *uniform.OUTPUT, "-ar", str(track.sample_rate), *uniform.LOOP)
    chain = ",".join([uniform.restored(options, media, track, seek), *filters])
    return before, ("-filter_complex", f"{uniform.INTO}{chain}{uniform.OUT}", "-map", uniform.OUT)


def with_last(plan: Plan, filters: str) -> Plan:
    """Return a plan that encodes with further filters behind all others."""
    output = list(plan.output)
    if plan.uniform:
        chain = output.index("-filter_complex") + 1
        output[chain] = f"{output[chain].removesuffix(uniform.OUT)},{filters}{uniform.OUT}"
    elif "-af" in output:
        output[output.index("-af") + 1] += f",{filters}"
    else:
        output[output.index(ENCODER) : output.index(ENCODER)] = ["-af", filters]
    return replace(plan, output=tuple(output))


def _only(track: Track) -> tuple[str, ...]:
    return ("-map", f"0:a:{track.index}", "-vn", "-sn", "-dn")


def rate_of(plan: Plan) -> int:
    """Return the sample rate that a plan names; 0: it leaves that to the source."""
    named = plan.output if "-ar" in plan.output else plan.uniform
    return int(named[named.index("-ar") + 1]) if "-ar" in named else 0


def counting_rate(options: Options, media: Media, shapes: tuple[Shape, ...]) -> int:
    """Return the sample rate at which samples are counted; 0: it is not known."""
    return uniform.widest(options, choose(options, media), shapes).sample_rate


def sounding_plan(options: Options, media: Media) -> Plan:
    """Return the plan of a pass whose last position is the end of the sound, in seconds of the source."""
    return counting_plan(replace(options, start=0.0, end=None, speed=1.0), media, holes=True)


def choose(options: Options, media: Media) -> Track:
    """Return the track that the options ask for, the first by default. Raises TrackMissing."""
    wanted, tracks = options.track, media.tracks
    if not tracks:
        return _UNKNOWN
    if wanted is not None:
        if wanted >= len(tracks):
            raise TrackMissing(tracks)
        return tracks[wanted]
    if options.language:
        places = find(options.language, [each.language for each in tracks])
        found = [tracks[at] for at in places]
        if not found:
            raise TrackMissing(tracks)
        return next((each for each in found if each.default), found[0])
    return tracks[0]


def _seek(options: Options, media: Media, track: Track, *, exactly: bool = False) -> float:
    """Return the second to begin to read at. The rest of the way is decoded and thrown away.

    0 where ffmpeg may count from another second.

    `exactly`: 0 unless the samples get the very same times as from the beginning, so that files join.
    """
    exact = media.container.startswith(_EXACT if exactly else _SEEKABLE)
    return max(options.start - _MARGIN, 0.0) if exact and not is_hidden(media, track) else 0.0


def _input(media: Media, track: Track, seek: float, shapes: tuple[Shape, ...]) -> tuple[str, ...]:
    start = ("-ss", f"{seek:.6f}") if seek else offset(media, track)
    return (*uniform.UNFILLED, *start) if shapes and uniform.lacks_times(media) else start


def _timed(options: Options) -> list[str]:
    """Number the samples anew. An MP3 holds no time."""
    return [] if options.format is Format.MP3 else ["asetpts=N/SR/TB+0.5"]


def _in_blocks(options: Options) -> list[str]:
    return [f"asetnsamples={BLOCK}:p=0"] if options.format is Format.FLAC else []


def at_most(options: Options, media: Media) -> float | None:
    """Return the length of the result with all its silence; None where it cannot be known."""
    return _expected(replace(options, trim_silence=False), media, None)


def _expected(options: Options, media: Media, measured: Measurement | None) -> float | None:
    if options.trim_silence:
        return None
    if measured is not None:
        return measured.seconds - measured.shortening.seconds
    end = media.duration_seconds or None
    if options.end is not None:
        end = min(options.end, end) if end else None
    return max(end - options.start, 0.0) / options.speed if end else None


DEFAULT = plan(Options(), Media(container=""))
"""The plan for a source and options of which nothing is known."""
