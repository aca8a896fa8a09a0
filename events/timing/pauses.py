"""The pauses of an audio, as they are stored beside its waveform, and where chapters begin. Pure."""

import msgspec
from msgspec import Struct

from events.timing.time_map import Seam

_BREATH = 0.4
"""Seconds of its pause with which a chapter begins."""
_EDGE = 0.2
"""Seconds from either end of the audio: a pause there parts nothing."""


class Pause(Struct, frozen=True, array_like=True, gc=False):
    """A stretch of the audio without sound to speak of, in seconds."""

    start: float
    end: float


class Pauses(Struct, frozen=True, array_like=True):
    """The pauses that an audio has, and the places at which longer ones were shortened, each in order."""

    pauses: tuple[Pause, ...] = ()
    seams: tuple[Seam, ...] = ()


class Rest(Struct, frozen=True):
    """A pause as it was before it was shortened.

    `start` and `end` are those that are heard, `length` is how long it was. `begins`: the second of the audio
    at which a chapter would begin after it; None: it is at an end, and parts nothing.
    """

    start: float
    end: float
    length: float
    begins: float | None = None


_decode = msgspec.msgpack.Decoder(Pauses).decode


def packed(pauses: Pauses) -> bytes:
    """Return them as they are stored: MessagePack."""
    return msgspec.msgpack.encode(pauses)


def unpacked(data: bytes) -> Pauses | None:
    """Return what is stored; None for bytes that are something else."""
    try:
        return _decode(data)
    except msgspec.DecodeError:
        return None


def rests(found: Pauses, kept: float, length: float) -> tuple[Rest, ...]:
    """Return all pauses in order, of an audio of so many seconds.

    `kept`: seconds that are left of a pause that was shortened (`shorten_pauses`).
    """
    left_out = dict.fromkeys(found.pauses, 0.0)
    at, pauses = 0, list(found.pauses)
    for seam in found.seams:
        while at < len(found.pauses) and found.pauses[at].end < seam.at:
            at += 1
        if at == len(found.pauses) or found.pauses[at].start > seam.at:  # what is left of it is too short
            around = Pause(max(seam.at - kept / 2, 0.0), min(seam.at + kept / 2, length))
            pauses.append(around)
            left_out[around] = seam.left_out
        else:
            left_out[found.pauses[at]] += seam.left_out
    return tuple(
        Rest(each.start, each.end, round(each.end - each.start + left_out[each], 3), _begins(each, length))
        for each in sorted(pauses, key=lambda each: each.start)
    )


def _begins(pause: Pause, length: float) -> float | None:
    if pause.start <= _EDGE or pause.end >= length - _EDGE:
        return None
    return round(max(pause.end - _BREATH, (pause.start + pause.end) / 2), 3)
