"""The result of a conversion, and what its parts know of the whole recording."""

from msgspec import Struct

from events.media import Media
from events.options import Format
from events.timing.pauses import Pauses
from service.transcripts.cues import Cue
from workers.converter.containers.pictures.tag import Place


class Text(Struct, frozen=True):
    """The text of one track of the video's subtitles. `track` is its number among them, from 0."""

    track: int
    language: str
    cues: tuple[Cue, ...]


class Result(Struct, frozen=True, kw_only=True):
    """The result of one conversion, with all that `job.converted` records of it."""

    duration_seconds: float
    sample_rate: int
    channels: int
    media: Media
    """The source's content."""
    format: Format
    arguments: tuple[str, ...]
    copied: bool
    partial: bool
    """The source was incomplete or damaged, and this is the part that could be read."""
    parts: int = 0
    """Files in the ZIP; 0: the result is no ZIP. The arguments of a ZIP are those of its first file."""
    left_out: tuple[str, ...] = ()
    """Titles of chapters that have no file, as they have no sound."""
    peaks: bytes = b""
    """The waveform, see `containers.waveform`; empty: there is none, as of a ZIP."""
    pauses: Pauses | None = None
    """Of the audio, as it plays; None: those of a ZIP are not told."""
    seconds_saved: float = 0.0
    """All that was left out of pauses."""
    texts: tuple[Text, ...] = ()
    """At the times of the result; those of a ZIP are in it."""
    cover: Place = Place()
    silence_cut: float | None = None
    """Seconds of silence that were cut off at the beginning; None: the options did not ask for it."""


class Recording(Struct, frozen=True, kw_only=True):
    """A whole recording, known before its parts are converted one by one."""

    media: Media
    loudness: float | None = None
    true_peak: float | None = None
    texts: tuple[Text, ...] = ()
    """At the times of the source."""
    track: str = ""
    """The number of the part under way, as in `1/12`."""
