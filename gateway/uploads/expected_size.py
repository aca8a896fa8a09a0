"""The size of a result to come: an estimate by the options alone. Pure.

A bit rate is exact to some per cent. A level is what music takes on average, and FLAC is a guess.
Where the options leave them to the source, there are two channels at 48 kHz, with 16 bits.
"""

from events.options import DEFAULT_KILOBITS, LEVEL, RATE, SOURCE, Channels, Format, Options

_LEVELS = {
    Format.MP3: (245, 225, 190, 175, 165, 130, 115, 100, 85, 65),
    Format.OGG: (256, 224, 192, 176, 160, 128, 112, 96, 80, 64),
}
"""kbit/s of two channels at V0 to V9: LAME's own table, and libvorbis' nominal rates."""
_USUAL_LEVELS = {Format.MP3: "V2", Format.OGG: "V4"}
_USUAL_RATE = 48_000
_BYTES_A_SAMPLE = 2
_OF_FLAC = 0.55
"""Of the bytes of a WAV: music. Speech takes less."""


def quality_by_default(format_: Format) -> str:
    """Return the quality that two channels get where none is asked for; empty: the format has none."""
    if format_ in DEFAULT_KILOBITS:
        return f"{2 * DEFAULT_KILOBITS[format_][1]}k"
    return _USUAL_LEVELS.get(format_, "")


def bytes_a_second(options: Options) -> float | None:
    """Return the bytes of a second of the result, as it is heard. None: its source decides."""
    if options.quality == SOURCE:
        return None
    channels = 1 if options.channels is Channels.MONO else 2
    if options.format in (Format.WAV, Format.FLAC):
        plain = (options.sample_rate or _USUAL_RATE) * channels * _BYTES_A_SAMPLE
        return plain if options.format is Format.WAV else plain * _OF_FLAC
    return _kilobits(options, channels) * 1000 / 8


def _kilobits(options: Options, channels: int) -> float:
    if match := RATE.fullmatch(options.quality):
        return int(match[1])
    if not options.quality and options.format in DEFAULT_KILOBITS:
        mono, each = DEFAULT_KILOBITS[options.format]
        return mono if channels == 1 else each * channels
    match = LEVEL.fullmatch(options.quality or _USUAL_LEVELS[options.format])
    return _LEVELS[options.format][int(match[1]) if match else 0] * channels / 2
