"""The signs that lines, bars and curves are drawn with, for terminals that can show them and for others."""

import math
from collections.abc import Sequence

from msgspec import Struct


class Glyphs(Struct, frozen=True):
    """Signs of one column each. `steps` are those of a curve, from the lowest."""

    done: str = "━"
    needle: str = "●"
    left: str = "─"
    steps: str = "▁▂▃▄▅▆▇█"
    well: str = "●"
    ill: str = "▲"
    absent: str = "○"
    chosen: str = "▌"
    dot: str = "·"
    times: str = "×"
    arrows: str = "↑↓"
    enter: str = "⏎"
    caret: str = "▏"


ASCII = Glyphs(
    done="=",
    needle="O",
    left="-",
    steps="_.:-=+*#",
    well="*",
    ill="!",
    absent="o",
    chosen=">",
    dot="-",
    times="x",
    arrows="arrows",
    enter="Enter",
    caret="_",
)


def glyphs_for(encoding: str | None) -> Glyphs:
    """Return those that an encoding can write."""
    known = Glyphs()
    try:
        "".join(str(getattr(known, name)) for name in known.__struct_fields__).encode(encoding or "ascii")
    except (UnicodeError, LookupError):
        return ASCII
    return known


def bar(glyphs: Glyphs, percent: float | None, width: int) -> tuple[str, str, str]:
    """Return what is done of a line of this width, the needle on it, and what is left. None: not known."""
    if width < 1:
        return "", "", ""
    if percent is None:
        return "", "", glyphs.left * width
    at = min(width - 1, max(0, math.floor(percent / 100 * width)))
    return glyphs.done * at, glyphs.needle, glyphs.left * (width - at - 1)


def curve(glyphs: Glyphs, values: Sequence[float | None], width: int, *, least: float = 1.0) -> str:
    """Return the last values as a curve of this width; blank where nothing is known.

    The highest is as high as a line is, unless it is below `least`. More values than columns are drawn by
    the highest of those that share one.
    """
    values = _fitted(values, width)
    top = max((value for value in values if value is not None), default=0.0)
    top = max(top, least)
    last = len(glyphs.steps) - 1
    return "".join(
        " " if value is None else glyphs.steps[_step(max(0.0, value) / top, last)] for value in values
    ).rjust(width)


def _step(share: float, last: int) -> int:
    return 0 if share <= 0 else max(1, min(last, math.ceil(share * last)))


def _fitted(values: Sequence[float | None], width: int) -> list[float | None]:
    count = len(values)
    if count <= width:
        return list(values)
    parts = [values[at * count // width : (at + 1) * count // width] for at in range(width)]
    return [max((each for each in part if each is not None), default=None) for part in parts]
