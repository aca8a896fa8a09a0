"""The options of a conversion. Frozen into `job.uploaded`, so that a run can be repeated exactly.

The defaults suit most people: an MP3 of the whole first track, at LAME's V2. `faults` checks the rules that
types cannot express, and words each violation for the person who asked. The descriptions are also those of
the OpenAPI document.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace


class Format(StrEnum):
    """The codec of the result, in the container people expect it in."""

    MP3 = "mp3"
    M4A = "m4a"
    OPUS = "opus"
    OGG = "ogg"
    FLAC = "flac"
    WAV = "wav"


MEDIA_TYPES = {
    Format.MP3: "audio/mpeg",  # RFC 3003
    Format.M4A: "audio/mp4",  # RFC 4337
    Format.OPUS: "audio/ogg; codecs=opus",  # RFC 7845
    Format.OGG: "audio/ogg",  # RFC 5334
    Format.FLAC: "audio/flac",  # RFC 9639
    Format.WAV: "audio/vnd.wave",  # RFC 2361
}
"""The media type of each format. The file name ends like the format's value."""


ZIP = "application/zip"


def offered_as(format_: Format, parts: int) -> tuple[str, str]:
    """Return the media type of a result and the ending of its file name. Several parts make a ZIP."""
    return (ZIP, "zip") if parts else (MEDIA_TYPES[format_], format_.value)


class Channels(StrEnum):
    """The number of channels. `keep` keeps mono and stereo; too many for the format become stereo."""

    KEEP = "keep"
    MONO = "mono"
    STEREO = "stereo"


class Chapters(StrEnum):
    """The fate of chapters: kept as marks, left out, or each a file of its own, in a ZIP."""

    KEEP = "keep"
    DROP = "drop"
    SPLIT = "split"


class Cover(StrEnum):
    """The picture: none, the one that the file carries, or a frame of its video, at most 1000 pixels wide.

    Only mp3, m4a and flac hold one.
    """

    NONE = "none"
    KEEP = "keep"
    FRAME = "frame"


def _tag(name: str, longest: int) -> Meta:
    return Meta(
        max_length=longest,
        description=f"The sound's {name}. Not given: kept from the source; empty: left out.",
    )


class Tags(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The tags of the result. None: kept from the source; empty: left out."""

    title: Annotated[str, _tag("title", 500)] | None = None
    artist: Annotated[str, _tag("artist", 500)] | None = None
    album: Annotated[str, _tag("album", 500)] | None = None
    date: Annotated[str, _tag("date", 40)] | None = None
    comment: Annotated[str, _tag("comment", 2000)] | None = None


Seconds = Annotated[float, Meta(ge=0, le=1e6)]
LEVEL = re.compile("V([0-9])")
RATE = re.compile("([1-9][0-9]{0,2})k")
SOURCE = "source"
SHORTEST = 0.1
"""Seconds between start and end: less is too short to be heard."""
SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)

Span = Annotated[float, Meta(ge=0, le=1e9)]
"""Seconds for which something is kept."""


def _kept(what: str) -> Meta:
    return Meta(
        description=f"Seconds after the job's end for which {what} is kept. Not given: as long as the server"
        " keeps it, which is never exceeded."
    )


_FADE = "Seconds, as heard. Both fades together are no longer than the part between start and end."


class Options(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The options of one conversion. `start`, `end` in seconds of the source, fades in seconds as heard."""

    format: Format = Format.MP3
    quality: Annotated[
        str,
        Meta(
            max_length=8,
            description="V0 (best) to V9, for mp3 and ogg; a bit rate such as 192k; source: as many bits as"
            " the source has, never more; empty: the format's own default, and all that flac and wav take. An"
            " mp3 has one of its standard's rates, 8k to 320k; m4a 16k to 512k, opus 6k to 510k, ogg 32k"
            " to 500k; mono and low sample rates take less.",
        ),
    ] = ""
    sample_rate: (
        Annotated[
            int,
            Meta(description="In Hz; not given: the source's, or the nearest that the format knows."),
        ]
        | None
    ) = None
    channels: Channels = Channels.KEEP
    start: Annotated[Seconds, Meta(description="Start of the part, in seconds of the source.")] = 0.0
    end: (
        Annotated[
            float,
            Meta(
                gt=0,
                le=1e6,
                description="End of the part, in seconds of the source, 0.1 s after start or more; not given:"
                " the source's end.",
            ),
        ]
        | None
    ) = None
    fade_in: Annotated[Seconds, Meta(description=_FADE)] = 0.0
    fade_out: Annotated[Seconds, Meta(description=_FADE)] = 0.0
    loudness: (
        Annotated[
            float,
            Meta(
                ge=-70,
                le=-5,
                description="Integrated, in LUFS (EBU R 128); not given: the loudness stays as it is.",
            ),
        ]
        | None
    ) = None
    true_peak: Annotated[float, Meta(ge=-9, le=0, description="In dBTP; only with loudness.")] = -1.0
    trim_silence: Annotated[bool, Meta(description="Leave out the silence at both ends.")] = False
    shorten_pauses: (
        Annotated[
            float,
            Meta(
                ge=0.2,
                le=60,
                description="Seconds, as heard, to which longer pauses are shortened; not given: pauses stay"
                " as they are.",
            ),
        ]
        | None
    ) = None
    speed: Annotated[float, Meta(ge=0.5, le=4, description="2 is twice as fast, at the same pitch.")] = 1.0
    track: (
        Annotated[int, Meta(ge=0, le=63, description="Among the audio tracks, from 0; not with a language.")]
        | None
    ) = None
    language: Annotated[
        str, Meta(max_length=35, description="BCP 47 or ISO 639, looked up by RFC 4647: `no` finds `nob`.")
    ] = ""
    keep_tags: Annotated[
        bool, Meta(description="Keep the file's tags for the sound: title, artist and the like.")
    ] = True
    tags: Tags = Tags()
    chapters: Chapters = Chapters.KEEP
    marks: Annotated[
        str,
        Meta(
            max_length=4096,
            description="Chapters of your own instead of the file's, one a line: a time of the source, then a"
            " title, such as 12:34 Questions. Empty: the file's.",
        ),
    ] = ""
    cover: Cover = Cover.NONE
    cover_at: (
        Annotated[
            Seconds,
            Meta(
                description="The second of the source near which the frame of cover=frame is taken; not"
                " given: after a tenth of the part that is converted."
            ),
        ]
        | None
    ) = None
    copy: Annotated[
        bool, Meta(description="Take the source's own packets where they already fit all options.")
    ] = True
    partial: (
        Annotated[
            bool,
            Meta(
                description="Of an incomplete or damaged file, convert the part that is there, and mark it;"
                " false: refuse the file. Not given: true."
            ),
        ]
        | None
    ) = None
    """None: it was not said, which meant false until it was always said."""
    retain_video: Annotated[Span, _kept("the video")] | None = None
    retain_audio: Annotated[Span, _kept("the audio")] | None = None
    retain_record: Annotated[Span, _kept("all of the job, its files included,")] | None = None


def untold(options: Options) -> Options:
    """Return the options without the words of a person."""
    return replace(options, tags=Tags(), language="", marks="")


DEFAULT = Options(partial=True)
"""The options of an upload that names none."""

_LOSSLESS = (Format.FLAC, Format.WAV)
_HIGHEST = {Format.MP3: 320, Format.M4A: 512, Format.OPUS: 510, Format.OGG: 500}
_LOWEST = {Format.MP3: 8, Format.M4A: 16, Format.OPUS: 6, Format.OGG: 32}
MP3_BIT_RATES = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320)
"""In kbit/s: the rates of ISO 11172-3 and 13818-3 together."""
DEFAULT_KILOBITS = {Format.M4A: (96, 80), Format.OPUS: (64, 64)}
"""kbit/s by default: for mono, and for each of several channels."""
_RATES_OF = {
    Format.MP3: (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    Format.OPUS: (8000, 12000, 16000, 24000, 48000),
}


_MOST_A_CHANNEL = {Format.OPUS: 256, Format.OGG: 250}
_AAC_KILOBITS = 6
"""For each kHz and channel: a frame of 1024 samples has 6144 bits at most (ISO 14496-3)."""


def _bit_rates(options: Options) -> tuple[int, int]:
    """Return the lowest and the highest bit rate, in kbit/s, as far as the other options decide it.

    If they leave rate or channels to the source, the result may get the nearest rate below.
    """
    format_, rate, mono = options.format, options.sample_rate, options.channels is Channels.MONO
    lowest, highest = _LOWEST[format_], _HIGHEST[format_]
    if format_ is Format.MP3 and rate is not None:
        return (32, 320) if rate >= 32000 else (8, 160 if rate >= 16000 else 64)
    if format_ is Format.M4A and (mono or rate is not None):
        highest = min(highest, (rate or max(SAMPLE_RATES)) * _AAC_KILOBITS // 1000 * (1 if mono else 8))
    return lowest, min(highest, _MOST_A_CHANNEL.get(format_, highest)) if mono else highest


def _under(options: Options) -> str:
    rate = f" at {options.sample_rate} Hz" if options.sample_rate else ""
    return f"{rate} in mono" if options.channels is Channels.MONO else rate


A_QUALITY = "give V0 (best) to V9, a bit rate such as 192k, or source"


def is_quality(text: str) -> bool:
    """Return True for a quality that some format may have, and for none."""
    return text in ("", SOURCE) or bool(LEVEL.fullmatch(text) or RATE.fullmatch(text))


def faults(options: Options) -> Iterator[tuple[str, str]]:
    """Yield each fault: the option's name, and a sentence with a right value."""
    format_, quality = options.format, options.quality
    if not is_quality(quality):
        yield "quality", A_QUALITY
    elif quality and format_ in _LOSSLESS:
        yield "quality", f"{format_} is lossless and takes none"
    elif LEVEL.fullmatch(quality) and format_ not in (Format.MP3, Format.OGG):
        yield "quality", f"levels are for mp3 and ogg; for {format_} give a bit rate such as 128k"
    elif match := RATE.fullmatch(quality):
        rate = int(match[1])
        if format_ is Format.MP3 and rate not in MP3_BIT_RATES:
            yield "quality", f"an MP3 has one of {', '.join(f'{each}k' for each in MP3_BIT_RATES)}"
        else:
            lowest, highest = _bit_rates(options)
            if not lowest <= rate <= highest:
                yield "quality", f"{format_} takes {lowest}k to {highest}k{_under(options)}"
    rates = _RATES_OF.get(format_, SAMPLE_RATES)
    if options.sample_rate is not None and options.sample_rate not in rates:
        yield "sample_rate", f"{format_} takes one of {', '.join(map(str, rates))}"
    if options.end is not None and options.end - options.start < SHORTEST:
        yield "end", f"it must be {SHORTEST:g} s after start, or more"
    elif options.end is not None and options.fade_in + options.fade_out > options.end - options.start:
        yield "fade_out", "the fades are longer than the part between start and end"
    if options.track is not None and options.language:
        yield "language", "give a track or a language, not both"
    if options.true_peak != DEFAULT.true_peak and options.loudness is None:
        yield "true_peak", "it goes with loudness"
    if options.marks and options.chapters is Chapters.DROP:
        yield "marks", "they go with chapters=keep or chapters=split"
    if options.cover is not Cover.NONE and format_ in (Format.WAV, Format.OPUS, Format.OGG):
        yield "cover", f"{format_} holds no picture; mp3, m4a and flac do"
    elif options.cover_at is not None and options.cover is not Cover.FRAME:
        yield "cover_at", "it goes with cover=frame"
