"""Tables that fit the terminal: ids and times are shortened first, then what may be cut; then times go. Pure.

A shortened id is still unique in its table, and commands take it as it stands.
"""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Any, Generic, NamedTuple, TypeVar

from rich.cells import cell_len, set_cell_size

T = TypeVar("T")
_GAP = "  "
_LEAST = 8
"""Cells that a column keeps when others need room."""
_ID_ENDS = (13, 18, 23, 36)
"""Where the parts of an id that is a UUID end. The first two have its time, to the millisecond."""
_CLOCK = len("2026-11-30T19:54")
_ZONE = len("2026-11-30T19:54:48")


class Kind(Enum):
    """The kind of cells in a column."""

    TEXT = auto()
    ID = auto()
    TIME = auto()
    """As `cli.times.shown` has it: with the zone."""


class Column(NamedTuple, Generic[T]):
    """A column of a table: its heading, what stands in it, and whether it may be cut to fit the terminal."""

    heading: str
    cell: Callable[[T], str]
    right: bool = False
    cut: bool = False
    kind: Kind = Kind.TEXT


def laid_out(columns: Sequence[Column[Any]], rows: Sequence[Sequence[str]], room: int) -> list[str]:
    """Return the heading and a line for each row, none of them wider than `room` cells."""
    whole = [_Laid(column.heading, [row[at] for row in rows]) for at, column in enumerate(columns)]
    fit = whole if _width(whole) <= room else [*map(_shortened, columns, whole)]
    widths = _narrowed([each.width for each in fit], [column.cut for column in columns], room)
    if sum(widths) + len(_GAP) * (len(widths) - 1) > room:
        timeless = [at for at, column in enumerate(columns) if column.kind is not Kind.TIME]
        if 0 < len(timeless) < len(columns):
            return laid_out(
                [columns[at] for at in timeless], [[row[at] for at in timeless] for row in rows], room
            )
    lines = zip(*([each.heading, *each.cells] for each in fit), strict=True)
    return [_line(line, widths, columns, room) for line in lines]


class _Laid(NamedTuple):
    heading: str
    cells: list[str]

    @property
    def width(self) -> int:
        return max(map(cell_len, [self.heading, *self.cells]))


def _width(columns: Sequence[_Laid]) -> int:
    return sum(each.width for each in columns) + len(_GAP) * (len(columns) - 1)


def _shortened(column: Column[Any], laid: _Laid) -> _Laid:
    match column.kind:
        case Kind.ID:
            ids = set(laid.cells)
            end = next((end for end in _ID_ENDS if len({each[:end] for each in ids}) == len(ids)), None)
            return laid._replace(cells=[cell[:end] for cell in laid.cells])
        case Kind.TIME:
            zones = {cell[_ZONE:] for cell in laid.cells if cell[_ZONE:]}
            if len(zones) == 1 and all("T" in cell for cell in laid.cells if cell[_ZONE:]):
                return _Laid(f"{laid.heading} ({zones.pop()})", [_clock(cell) for cell in laid.cells])
    return laid


def _clock(time: str) -> str:
    return time[:_CLOCK].replace("T", " ") if time[_ZONE:] else time


def _narrowed(widths: Sequence[int], may_be_cut: Sequence[bool], room: int) -> list[int]:
    """Return the widths with what may be cut made narrower as far as need be, the widest first."""
    found = [*widths]
    over = sum(found) + len(_GAP) * (len(found) - 1) - room
    while over > 0:
        wide = [at for at, cut in enumerate(may_be_cut) if cut and found[at] > _LEAST]
        if not wide:
            break
        widest = max(wide, key=found.__getitem__)
        found[widest] -= 1
        over -= 1
    return found


def _line(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column[Any]], room: int) -> str:
    fitted = [_fitted(*each) for each in zip(cells, widths, columns, strict=True)]
    return _cut(_GAP.join(fitted).rstrip(), room)


def _fitted(cell: str, width: int, column: Column[Any]) -> str:
    short = _cut(cell, width)
    room = " " * (width - cell_len(short))
    return room + short if column.right else short + room


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)).rstrip() + "…"
