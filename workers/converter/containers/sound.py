"""The sound in a file."""

from msgspec import Struct


class Sound(Struct, frozen=True, kw_only=True):
    """Its length is exact to the sample, without what encoders add in front and behind."""

    duration_seconds: float
    sample_rate: int
    channels: int
