"""What is stored of an audio's pauses, beside its waveform. Pure."""

import msgspec
from msgspec import Struct

from events.timing.time_map import Seam


class Pause(Struct, frozen=True, array_like=True, gc=False):
    """A stretch of the audio without sound to speak of, in seconds."""

    start: float
    end: float


class Pauses(Struct, frozen=True, array_like=True):
    """The pauses that an audio has, and the places at which longer ones were shortened, each in order."""

    pauses: tuple[Pause, ...] = ()
    seams: tuple[Seam, ...] = ()


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
