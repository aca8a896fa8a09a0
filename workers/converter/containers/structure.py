"""The structure of a container; all False for those that cannot be inspected."""

from msgspec import Struct

from events.media import Chapter
from workers.converter.containers.lead import Lead


class Structure(Struct, frozen=True, kw_only=True):
    """The facts that the container itself shows."""

    encrypted: bool = False
    """The first audio track is protected."""
    cut: bool = False
    """The file ends before its container does."""
    guesses_length: bool = False
    """The length in a file that was cut is a guess from what is left of it."""
    begins: float | None = None
    """The second at which the file's clock begins; None: as ffmpeg says."""
    lead: Lead | None = None
    """The junk before the sound; None: there is none."""
    chapters: tuple[Chapter, ...] | None = None
    """The chapters that are shown, by the file's clock; None: as ffmpeg reads them. An end of 0: not told."""
