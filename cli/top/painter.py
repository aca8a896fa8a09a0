"""Paints lines on a terminal, and of the next picture only those that differ: it may be far away."""

from collections.abc import Sequence

from rich.console import Console, ConsoleDimensions
from rich.control import Control
from rich.text import Text


class Painter:
    """The picture that stands on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._size: ConsoleDimensions | None = None
        self._lines: list[Text] = []

    def paint(self, lines: Sequence[Text], size: ConsoleDimensions) -> None:
        """Put these lines in the place of those before, in one write. After a change of size all are new."""
        with self._console as console:
            if size != self._size:
                self._size, self._lines = size, []
                console.control(Control.home(), Control.clear())
            for at, line in enumerate(lines):
                if at >= len(self._lines) or line != self._lines[at]:
                    console.control(Control.move_to(0, at))
                    console.print(line, end="", soft_wrap=True)
        self._lines = list(lines)
