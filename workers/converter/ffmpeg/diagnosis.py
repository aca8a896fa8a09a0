"""Finds out from the evidence why a conversion failed. Pure.

Exit code 0 is not success: half a file, and an output that was cut at a limit, end with 0 too. Most failures
share the same few exit codes, so ffmpeg's messages are read. A file can put words into these (a track's
title), but by that it only gets another reason for its own failure.
"""

import re
import signal

from msgspec import Struct

from events.errors import TonearmError
from events.media import Media
from workers.converter.cage import launcher
from workers.converter.containers.structure import Structure
from workers.converter.errors import (
    ConversionError,
    DiskFull,
    Encrypted,
    EngineFailed,
    NoAudio,
    NotMedia,
    OutOfRange,
    TimedOut,
    TooHungry,
    TooLarge,
    TooLong,
    TooMuchWork,
    Truncated,
    UnsupportedCodec,
    UnsupportedLayout,
)
from workers.converter.ffmpeg.arguments import OVERRUN, Limits
from workers.converter.ffmpeg.messages import Findings

SHORTFALL = 0.5
"""Seconds that may be missing at the end of a cut file: nobody misses less."""

LOSS = 0.05
"""The share of the sound that may be missing in a damaged file: a scratch is no reason to refuse it."""
DAMAGED = 10
"""Packets that cannot be decoded in a damaged file; fewer are common in honest ones."""

_CUT = re.compile(
    r"moov atom not found|partial file|File ended prematurely"
    r"|\[in#0/(?!mpegts |mpeg )\S+ @ \w+\] Packet corrupt"  # there it is ordinary
)
_STOPPED = re.compile(r"^\[in#0/\w.* Error during demuxing: Not yet implemented", re.MULTILINE)
"""The demuxer cannot follow its container: in Ogg, another number of channels from here on."""
_SURE = ("mov,", "matroska,", "flac", "wav", "aiff")
"""Containers that state their length; for others ffmpeg guesses it from a bit rate."""
_SOUND = ("flac", "mp3", "tta", "wv", "ape", "mpc", "tak", "dsf")
"""Containers of nothing but sound that state how much of it there is."""
_NO_DECODER = re.compile(r"Error while opening decoder|no decoder found|Decoder not found|Decoding requested")
_NO_LAYOUT = re.compile(
    r"^\[.*(?:Unsupported channel layout|hannel layout '.*' is not supported|Rematrix is needed)",
    re.MULTILINE,
)
_EMPTY = re.compile(r"^\[aost#\d+:0/\w+ @ \w+\] Empty output stream", re.MULTILINE)
_NOT_MEDIA = re.compile(r"Error opening input|Format not on whitelist")
_BROKEN_HEAD = re.compile(r"^\[in#0 @ \w+\] Error opening input: Input/output error", re.MULTILINE)
"""The demuxer's message for a head that makes no sense, as in Matroska. The file itself can be read."""
_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded")
_CPU_LIMIT = f"received signal {int(signal.SIGXCPU)}."


class Evidence(Struct, frozen=True, kw_only=True):
    """All that a conversion leaves behind: its end, and the words of ffmpeg."""

    exit_code: int
    """Negative: killed by that signal."""
    overtime: bool = False
    """Killed by our wall clock."""
    findings: Findings = Findings()
    structure: Structure = Structure()
    seconds: float = 0.0
    """The last position in the progress: the end of the sound that was written, gaps included."""
    played: float | None = None
    """Seconds of sound, without gaps; None when it was not counted."""
    output_bytes: int = 0


def is_damaged(findings: Findings) -> bool:
    """Return True if so much made no sense that sound may be missing."""
    return findings.broken > 0 or findings.undecoded >= DAMAGED


def is_soundless(findings: Findings) -> bool:
    """Return True if ffmpeg stopped for no other reason than that there was no sound."""
    return _EMPTY.search(findings.tail) is not None


def lacks_sound(findings: Findings, structure: Structure, end: float) -> bool:
    """Return True if a file shows that it had more sound, behind the second at which its sound ends."""
    if not (structure.cut or _CUT.search(findings.tail) or _states_sound(findings)):
        return False
    length = None if findings.jumped else findings.length
    return structure.guesses_length or length is None or end < length - SHORTFALL


def refusal(size: int, structure: Structure) -> ConversionError | None:
    """Return the reason to refuse a file of so many bytes without running ffmpeg, or None."""
    if size == 0:
        return NotMedia(empty=True)
    return Encrypted() if structure.encrypted else None


def states_length(media: Media) -> bool:
    """Return True if the length that the container states can be trusted."""
    return media.container.startswith(_SURE)


def refusal_of_length(media: Media, seconds: float | None, limits: Limits) -> ConversionError | None:
    """Return the reason to refuse a result of so many seconds beforehand, where the length can be trusted."""
    if seconds is None or not states_length(media):
        return None
    if seconds <= 0:
        return OutOfRange(media.duration_seconds)
    return TooLong(limits.duration_seconds) if seconds > limits.duration_seconds + OVERRUN else None


def diagnose(evidence: Evidence, limits: Limits) -> TonearmError | None:
    """Return what went wrong: a ConversionError, trouble of ours, or None when the result is good."""
    return _stopped(evidence, limits) or (_refused(evidence) if evidence.exit_code else _incomplete(evidence))


def _stopped(evidence: Evidence, limits: Limits) -> TonearmError | None:
    """Return the limit or the signal that stopped ffmpeg, or trouble of ours."""
    tail, code = evidence.findings.tail, evidence.exit_code
    if evidence.overtime:
        return TimedOut(limits.wall_seconds)
    if code == -signal.SIGXCPU or _CPU_LIMIT in tail:
        return TooMuchWork()
    if evidence.seconds > limits.duration_seconds + OVERRUN / 2:
        return TooLong(limits.duration_seconds)
    if code == -signal.SIGXFSZ or evidence.output_bytes >= limits.output_bytes:
        return TooLarge(limits.output_bytes)
    if code < 0:
        return EngineFailed(f"ffmpeg was killed by {signal.Signals(-code).name}")
    if code == launcher.EXIT_CODE and tail.startswith(launcher.PREFIX):
        return EngineFailed(tail.strip()[:200])
    if code and _NO_ROOM.search(tail):
        return DiskFull("no room left for the MP3")
    if code and "Input/output error" in tail and not _BROKEN_HEAD.search(tail):
        return EngineFailed("ffmpeg could not read or write its files")
    if code and "Cannot allocate memory" in tail:
        return TooHungry()
    return None


def _refused(evidence: Evidence) -> TonearmError:
    """Return the reason for which ffmpeg refused the file."""
    tail, codec = evidence.findings.tail, evidence.findings.codec
    if evidence.findings.locked:
        return Encrypted()
    if "matches no streams" in tail and not codec:
        return Truncated() if evidence.structure.cut and not _has_streams(tail) else NoAudio()
    if evidence.structure.cut or _CUT.search(tail):
        return Truncated()
    if codec and _NO_DECODER.search(tail):
        return UnsupportedCodec(_name(evidence.findings))
    if codec and _NO_LAYOUT.search(tail):
        return UnsupportedLayout()
    if codec:
        return Truncated(damaged=True)
    if _BROKEN_HEAD.search(tail):
        return Truncated(damaged=True)
    if _NOT_MEDIA.search(tail):
        return NotMedia()
    return EngineFailed(f"ffmpeg ended with {evidence.exit_code}: {_last_line(tail)}")


def _incomplete(evidence: Evidence) -> TonearmError | None:
    """Return Truncated if a part of the sound is missing, although ffmpeg succeeded.

    Sound often ends before the picture, or has gaps. So a sound that is shorter than its container proves
    nothing by itself: the file must also show that it was cut or damaged. Where the clock jumps, no length
    proves anything.
    """
    findings = evidence.findings
    length = None if findings.jumped else findings.length
    if lacks_sound(findings, evidence.structure, evidence.seconds):
        return Truncated(convertible=True)
    if _STOPPED.search(findings.tail):
        return Truncated(damaged=True, convertible=True)
    if length is None or not is_damaged(findings):
        return None
    played = evidence.seconds if evidence.played is None else evidence.played
    missing = length - played
    return Truncated(damaged=True, convertible=True) if missing > max(SHORTFALL, LOSS * length) else None


def _states_sound(findings: Findings) -> bool:
    """Return True if the length that the container states is that of its sound."""
    media = findings.media
    sound = media is not None and media.container in _SOUND
    return sound and findings.length is not None and not (findings.guessed or findings.jumped)


def _name(findings: Findings) -> str:
    """Return the codec's name; the container's own name where ffmpeg has none."""
    tracks = findings.media.tracks if findings.media else ()
    return tracks[0].codec if findings.codec == "none" and tracks else findings.codec.replace("none", "")


def _has_streams(tail: str) -> bool:
    return "  Stream #0:" in tail


def _last_line(tail: str) -> str:
    lines = tail.strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"
