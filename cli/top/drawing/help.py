"""The effect of each key, as `?` shows it."""

from rich.text import Text

from cli.top.drawing.frame import Frame
from cli.top.drawing.lines import HEAD, Cell, row

_KEYS = (
    ("q", "ends it; in a story, q goes back"),
    ("p, space", "holds the picture, and lets it go on"),
    ("Tab, {arrows}", "go to the next panel, and choose a row of it"),
    ("{enter}", "shows the story of the row's job"),
    ("c", "cancels that job, after a question"),
    ("r", "runs it again, after a question"),
    ("/", "leaves the rows that have some text"),
    ("Esc", "drops the chosen row, then the filter"),
    ("?", "shows this; any key goes back"),
)
_WIDE = 14


def keys(frame: Frame, width: int) -> list[Text]:
    """Return a heading, and a line for each key."""
    names = {"arrows": frame.glyphs.arrows, "enter": frame.glyphs.enter}
    rows = [
        row(Cell(f"  {key.format(**names)}", _WIDE, HEAD), Cell(does, width - _WIDE - 2))
        for key, does in _KEYS
    ]
    return [frame.heading("Keys"), *rows]
