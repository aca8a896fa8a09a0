"""Cues, the lines of a transcript, and their way into a recording's own time. Pure."""

import unicodedata
from collections.abc import Callable, Iterable
from itertools import accumulate

from msgspec import Struct

from events.texts import harmless, is_seen

MOST_CUES = 10_000
"""Three hours of quick talk have a third of that."""
LONGEST_CUE = 2000
"""Characters of a cue's text."""
MOST_TEXT = 1 << 20
"""Characters of all cues together."""
LONGEST_VOICE = 100
SHORTEST = 0.05
"""Seconds: what is left of a cue that a cut divides, at least, to be read at all."""


class Cue(Struct, frozen=True, gc=False):
    """A text that is heard from one second to another. `voice`: the name of who speaks, if it is known."""

    start: float
    end: float
    text: str
    voice: str = ""


def moved(cues: Iterable[Cue], heard: Callable[[float], float]) -> tuple[Cue, ...]:
    """Return the cues of a source at the times of what was made of it, in order.

    `heard` returns the second at which a second of the source is heard, for one that was cut off the nearest
    that was not. It never goes back. Of a cue that a cut divides the part inside stays.
    """
    placed = (Cue(round(heard(e.start), 3), round(heard(e.end), 3), e.text, e.voice) for e in cues)
    return in_order(each for each in placed if each.end - each.start >= SHORTEST)


def in_order(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """Return the cues by their time, each once, and no more than may be."""
    once = list(dict.fromkeys(sorted(cues, key=lambda each: (each.start, each.end))))[:MOST_CUES]
    lengths = accumulate(len(each.text) for each in once)
    return tuple(each for each, length in zip(once, lengths, strict=True) if length <= MOST_TEXT)


def clean(text: str) -> str:
    """Return a cue's text as harmless lines without blank ones; empty where nothing is to be seen."""
    lines = (" ".join(harmless(line).split()) for line in text[: 2 * LONGEST_CUE].splitlines())
    shown = "\n".join(line for line in lines if is_seen(line))
    return unicodedata.normalize("NFC", shown)[:LONGEST_CUE]


def clean_voice(name: str) -> str:
    """Return a name as one harmless line."""
    return clean(name).replace("\n", " ")[:LONGEST_VOICE].strip()


def searchable(cues: Iterable[Cue]) -> str:
    """Return all that is spoken as one line to search in: sentences run on from cue to cue."""
    return as_searched(" ".join(each.text for each in cues))


def as_searched(text: str) -> str:
    """Return a text as `searchable` has it, so that case, form and breaks of lines do not matter."""
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split())
