"""What is written to the terminal for a picture."""

import io

from rich.console import Console, ConsoleDimensions
from rich.text import Text

from cli.top.painter import Painter

SIZE = ConsoleDimensions(10, 3)


def painted(*pictures: tuple[list[str], ConsoleDimensions]) -> list[str]:
    """Return what was written for each picture, one after the other."""
    file = io.StringIO()
    painter = Painter(Console(file=file, force_terminal=True, color_system=None, width=10, height=3))
    written = []
    for lines, size in pictures:
        painter.paint([Text(line) for line in lines], size)
        written.append(file.getvalue())
        file.seek(0)
        file.truncate()
    return written


def test_only_lines_that_differ_are_written_again() -> None:
    first, same, third = painted((["a", "b", "c"], SIZE), (["a", "b", "c"], SIZE), (["a", "B", "c"], SIZE))
    assert all(f"\x1b[{at};1H{text}" in first for at, text in enumerate("abc", 1))
    assert (same, third) == ("", "\x1b[2;1HB")


def test_a_window_of_another_size_is_cleared_and_written_whole() -> None:
    _, after = painted((["a", "b"], SIZE), (["a", "b"], ConsoleDimensions(10, 2)))
    assert "\x1b[2J" in after
    assert "\x1b[1;1Ha" in after
    assert "\x1b[2;1Hb" in after
