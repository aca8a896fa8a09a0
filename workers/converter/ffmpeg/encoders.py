"""Chooses the encoder and its bit rate, or to copy the source's own packets. Pure."""

import re
from bisect import bisect_right

from events.media import Track
from events.options import DEFAULT_KILOBITS, LEVEL, MP3_BIT_RATES, RATE, SOURCE, Channels, Format, Options
from workers.converter.ffmpeg.filters import channels_out
from workers.converter.ffmpeg.timeline import HOLE

MUXERS = {
    Format.MP3: "mp3",
    Format.M4A: "ipod",
    Format.OPUS: "opus",
    Format.OGG: "ogg",
    Format.FLAC: "flac",
    Format.WAV: "wav",
}
_CODECS = {
    Format.MP3: ("mp3",),
    Format.M4A: ("aac",),
    Format.OPUS: ("opus",),
    Format.OGG: ("vorbis",),
    Format.FLAC: ("flac",),
    Format.WAV: ("pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8"),
}
"""Codecs that a format holds: a source with one of them may need no encoding."""
_VORBIS_LEVELS = (8, 7, 6, 5.5, 5, 4, 3, 2, 1, 0)
"""For V0 to V9: libvorbis' quality with about LAME's bit rate at that level."""
_VORBIS_RATES = (22.5, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 250)
"""kbit/s a channel for libvorbis' quality -1 to 10 (its table for 44.1 kHz)."""
BLOCK = 4608
"""Samples of a FLAC's block, the most of RFC 9639's subset. ffmpeg would take the decoder's, often 1024."""
_DEEP = re.compile(r"pcm_[sfu](?:24|32|64)|truehd|mlp")


def can_copy(options: Options, track: Track) -> bool:
    """Return True if the source's packets are what the options ask for, so that nothing has to be encoded."""
    return (
        options.copy
        and track.codec in _CODECS[options.format]
        and options.quality in ("", SOURCE)
        and options.sample_rate in (None, track.sample_rate)
        and channels_out(options, track) == track.channels
        and track.start < HOLE
        and not (options.channels is not Channels.KEEP and track.channels == 0)
        and not (options.start or options.end is not None or options.fade_in or options.fade_out)
        and not (options.loudness is not None or options.trim_silence or options.speed != 1)
        and options.shorten_pauses is None
    )


def encoder_arguments(options: Options, track: Track) -> list[str]:
    """Return the encoder's name and settings."""
    rate = ["-ar", str(options.sample_rate)] if options.sample_rate else []
    return [*_ENCODERS[options.format](options, track), *rate]


def is_deep(track: Track) -> bool:
    """Return True if the samples of a lossless track have more than 16 bits."""
    lossless = track.codec in ("flac", "alac", "wavpack", "tta", "ape", "als", "wmalossless", "tak")
    return _DEEP.match(track.codec) is not None or (lossless and track.profile in ("24 bit", "32 bit"))


def _mp3(options: Options, track: Track) -> list[str]:
    """VBR V2 with LAME's level 5 costs 0.8 of the default level's time for 2 % more bytes."""
    name = ["-c:a", "libmp3lame"]
    if (kilobits := _kilobits(options, track)) is None:
        match = LEVEL.fullmatch(options.quality)
        return [*name, "-q:a", match[1] if match else "2", "-compression_level", "5"]
    if options.quality == SOURCE:
        kilobits = _step(kilobits, options.sample_rate or track.sample_rate)
    return [*name, "-b:a", f"{kilobits}k", "-compression_level", "5"]


def _step(kilobits: int, sample_rate: int) -> int:
    """Return the nearest bit rate of an MP3 that is not above, or the lowest one."""
    lowest, highest = (32, 320) if sample_rate >= 32000 else (8, 160 if sample_rate >= 16000 else 64)
    steps = [each for each in MP3_BIT_RATES if lowest <= each <= highest]
    return steps[max(bisect_right(steps, kilobits) - 1, 0)]


def _m4a(options: Options, track: Track) -> list[str]:
    return ["-c:a", "aac", "-b:a", f"{_bounded(options, track, 512, 512)}k"]


def _opus(options: Options, track: Track) -> list[str]:
    """44.1 kHz and other rates that Opus lacks become 48 kHz."""
    return ["-c:a", "libopus", "-b:a", f"{_bounded(options, track, 510, 256)}k"]


def _ogg(options: Options, track: Track) -> list[str]:
    """Levels and bit rates both become a quality of libvorbis, so the bit rate follows the sound."""
    match = LEVEL.fullmatch(options.quality)
    quality = float(_VORBIS_LEVELS[int(match[1])]) if match else 5.0
    if (kilobits := _kilobits(options, track)) is not None:
        quality = _vorbis_quality(kilobits / (channels_out(options, track) or 2))
    return ["-c:a", "libvorbis", "-q:a", f"{quality:.2f}"]


def _vorbis_quality(kilobits: float) -> float:
    at = min(max(bisect_right(_VORBIS_RATES, kilobits) - 1, 0), len(_VORBIS_RATES) - 2)
    low, high = _VORBIS_RATES[at], _VORBIS_RATES[at + 1]
    return min(max(at - 1 + (kilobits - low) / (high - low), -1.0), 10.0)


def _flac(options: Options, track: Track) -> list[str]:
    """A lossy sound decodes to fractions. It gets 16 bits: 24 would mostly store the noise it already has."""
    return ["-c:a", "flac", *(() if is_deep(track) else ("-sample_fmt", "s16"))]


def _wav(options: Options, track: Track) -> list[str]:
    codec = "pcm_s24le" if is_deep(track) else "pcm_s16le"
    if match := re.match(r"pcm_[fs](?:32|64)", track.codec):
        codec = "pcm_f32le" if "f" in match[0] else "pcm_s32le"
    return ["-c:a", codec]


_ENCODERS = {
    Format.MP3: _mp3,
    Format.M4A: _m4a,
    Format.OPUS: _opus,
    Format.OGG: _ogg,
    Format.FLAC: _flac,
    Format.WAV: _wav,
}


def _kilobits(options: Options, track: Track) -> int | None:
    """Return the bit rate in the options; None: there is none, or the source's own is not known."""
    if options.quality == SOURCE:
        return track.bit_rate // 1000 or None
    match = RATE.fullmatch(options.quality)
    return int(match[1]) if match else None


def _bounded(options: Options, track: Track, most: int, most_a_channel: int) -> int:
    channels = channels_out(options, track) or 2
    kilobits = _kilobits(options, track)
    if kilobits is None:
        mono, each = DEFAULT_KILOBITS[options.format]
        kilobits = mono if channels == 1 else each * channels
    return max(min(kilobits, most, most_a_channel * channels), 16 if options.format is Format.M4A else 6)
