"""Lines of cells: cut with an ellipsis, filled with blanks, never longer than they may be."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from cli.pretty import visible

ACCENT, GOOD, BAD, QUIET, HEAD = "yellow", "green", "red", "dim", "bold"
CURVE = f"{QUIET} {ACCENT}"
"""Styles. They are the terminal's own colours, which its person has chosen for its ground."""

LOADING = "loading"
"""Where nobody has answered yet: `none` would be untrue."""


class Cell(NamedTuple):
    """A text, how wide it is, and how it looks."""

    text: str
    width: int
    style: str = ""
    right: bool = False


def cell(item: Cell, cut: str = "…") -> Text:
    """Return a cell's text, as wide as the cell."""
    return Text(fitted(item.text, item.width, right=item.right, cut=cut), style=item.style)


def fitted(text: str, width: int, *, right: bool = False, cut: str = "…") -> str:
    """Return a text that is so many columns wide, without what harms a terminal."""
    text = visible(text).replace("\t", " ")
    wide = cell_len(text)
    if wide > width:
        return set_cell_size(text, width - 1) + cut if width > 0 else ""
    blank = " " * (width - wide)
    return blank + text if right else text + blank


def ending(text: str, width: int, *, cut: str = "…") -> str:
    """Return a text from which the beginning is cut: names of machines differ at their ends."""
    text = visible(text)
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - 1:
        text = text[1:]
    return cut + text


def row(*items: Cell, gap: int = 2) -> Text:
    """Return cells beside each other; those without a width are left out."""
    line = Text(no_wrap=True)
    for item in items:
        if item.width > 0:
            line.append(" " * (gap if line else 0))
            line.append_text(cell(item))
    return line


def filled(line: Text, width: int) -> Text:
    """Return the line, exactly this wide, without what harms a terminal."""
    line = line.copy()
    line.plain = visible(line.plain).replace("\t", " ")  # as long as before, so styles stay in place
    line.truncate(max(0, width), overflow="ellipsis", pad=True)
    line.no_wrap = True
    return line


def spread(left: Text, right: Text, width: int) -> Text:
    """Return both at the ends of a line; the left one gives way."""
    room = width - cell_len(right.plain)
    line = filled(left, max(0, room))
    line.append_text(right)
    return filled(line, width)


def beside(left: Sequence[Text], right: Sequence[Text], widths: tuple[int, int], gap: int) -> list[Text]:
    """Return two blocks as one."""
    lines = []
    for at in range(max(len(left), len(right))):
        line = filled(left[at] if at < len(left) else Text(), widths[0])
        line.append(" " * gap)
        line.append_text(filled(right[at] if at < len(right) else Text(), widths[1]))
        lines.append(line)
    return lines


def shares(rows: int, wants: Sequence[int], least: int) -> list[int]:
    """Return how many rows each gets of so many: `least` if it wants them, then a row each in turn."""
    given = [0] * len(wants)
    for most in (least, max(wants, default=0)):
        while rows > 0:
            hungry = [at for at, want in enumerate(wants) if given[at] < min(want, most)]
            if not hungry:
                break
            for at in hungry[:rows]:
                given[at] += 1
            rows -= len(hungry[:rows])
    return given
