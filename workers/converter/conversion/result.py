"""What is told of a conversion: while it begins, of a whole of which it is a part, and when it is done."""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from events.media import Media
from events.options import Format

OnFound = Callable[[Media], Awaitable[None]]
"""Is told what the file holds, as soon as it is known."""


class Converted(Struct, frozen=True, kw_only=True):
    """What came out, and what `job.converted` needs to tell."""

    duration_seconds: float
    sample_rate: int
    channels: int
    media: Media
    format: Format
    arguments: tuple[str, ...]
    copied: bool
    partial: bool
    """The source was incomplete or damaged, and this is what there is."""
    parts: int = 0
    """Files in the ZIP that it is; 0: it is none. Then the arguments are those of the first."""


class Whole(Struct, frozen=True, kw_only=True):
    """What is known already of a recording of which parts are converted, each on its own."""

    media: Media
    loudness: float | None = None
    true_peak: float | None = None
    track: str = ""
    """Which part this one is, as in `1/12`."""
