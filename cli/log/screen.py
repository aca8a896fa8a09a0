"""Lines for a reader: coloured and cut to the width at a terminal, with what is to stand out in reverse."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace
from rich.cells import cell_len, set_cell_size

from cli.pretty import painted

Span = tuple[str, str]
"""Text that may be printed, and the ANSI codes of its colour: none for the terminal's own."""

_LONG = 400
"""Characters of a value that a terminal shows unless more is asked for."""
_REVERSE = "7"
_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z)|[0-9a-f]{12}(?=[0-9a-f]{52}\Z)"
)
"""Of an id what tells it from others, and of a SHA-256 as much."""


class Screen(Struct, frozen=True, kw_only=True):
    """The screen of who reads the output. `columns` is None where nothing need be cut: for a pipe."""

    colour: bool = False
    columns: Callable[[], int] | None = None
    highlight: tuple[re.Pattern[str], ...] = ()

    def showing(self, patterns: Iterable[re.Pattern[str]]) -> "Screen":
        """Return the screen on which these stand out, too."""
        return replace(self, highlight=(*self.highlight, *patterns))

    def line(self, spans: Sequence[Span]) -> str:
        """Return one line of these spans."""
        if not self.colour:
            return "".join(text for text, _ in spans)
        marked = list(_marked("".join(text for text, _ in spans), self.highlight))
        pieces = _split(spans, marked) if marked else spans
        return "".join(painted(text, codes) if codes and text else text for text, codes in pieces)

    def fitting(self, spans: Iterable[Span]) -> list[Span]:
        """Return the spans as far as they fit on one line of the terminal."""
        if self.columns is None:
            return [*spans]
        left, kept = self.columns(), []
        for text, codes in spans:
            if (wide := cell_len(text)) > left:
                kept.append((f"{set_cell_size(text, left - 1)}…" if left else "", codes))
                break
            kept.append((text, codes))
            left -= wide
        return kept

    def shortened(self, text: str) -> str:
        """Return a value as a terminal shows it: a long one is cut, and shows by how much."""
        if self.columns is None or len(text) <= _LONG:
            return text
        return f"{text[:_LONG]}… ({len(text) - _LONG:,} more)"


def briefly(text: str) -> str:
    """Return the first line of a text; of an id or a hash the beginning, which commands take for an id."""
    found = _ID.match(text)
    return found[0] if found else text.partition("\n")[0]


def _marked(text: str, patterns: Iterable[re.Pattern[str]]) -> Iterator[tuple[int, int]]:
    """Yield the stretches in which one of the patterns is found, in order and apart."""
    found = sorted(match.span() for pattern in patterns for match in pattern.finditer(text))
    begin = end = 0
    for first, last in found:
        if first <= end:
            end = max(end, last)
            continue
        if begin < end:
            yield begin, end
        begin, end = first, last
    if begin < end:
        yield begin, end


def _split(spans: Sequence[Span], marked: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """Yield the spans cut where a marked stretch begins or ends, with reverse within."""
    edges = sorted({edge for stretch in marked for edge in stretch})
    at = 0
    for text, codes in spans:
        cuts = [0, *(edge - at for edge in edges if at < edge < at + len(text)), len(text)]
        for first, last in pairwise(cuts):
            inside = any(begin <= at + first < end for begin, end in marked)
            yield text[first:last], ";".join(filter(None, (codes, _REVERSE if inside else "")))
        at += len(text)
