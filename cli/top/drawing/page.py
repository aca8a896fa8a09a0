"""The whole picture: which panels stand where, for the room that there is."""

from rich.text import Text

from cli.pretty import visible
from cli.top.drawing.frame import Frame
from cli.top.drawing.head import head, numbers, troubles
from cli.top.drawing.help import keys
from cli.top.drawing.lines import ACCENT, BAD, HEAD, QUIET, beside, filled, shares
from cli.top.drawing.lists import events, failures
from cli.top.drawing.story import story
from cli.top.drawing.system import (
    disks_panel,
    past_panel,
    queues_panel,
    queues_wanted,
    services_line,
    services_panel,
)
from cli.top.drawing.work import work

WIDE = 114
"""Columns from which on there are two blocks beside each other."""
_GAP, _RIGHT = 4, 48
_LEAST = 3
_MARGIN = 1
_LOW = 12
"""Rows below which only the numbers and the work are shown."""
_KEYS = (
    ("q", "quit"),
    ("?", "keys"),
    ("tab", "panel"),
    ("{arrows}", "choose"),
    ("{enter}", "story"),
    ("c", "cancel"),
    ("r", "run again"),
    ("/", "filter"),
    ("p", "pause"),
)
_STORY_KEYS = (("esc", "back"), ("{arrows}", "scroll"), ("c", "cancel"), ("r", "run again"), ("p", "pause"))


def page(frame: Frame, width: int, height: int) -> list[Text]:
    """Return the picture: `height` lines, each `width` wide."""
    wide = max(1, width - 2 * _MARGIN)
    top = head(frame, wide)
    rows = height - len(top) - 2  # the last line, and a blank one above it
    if frame.sight.story is not None:
        body = [Text(), *story(frame, frame.sight.story, wide, rows - 1)]
    elif frame.sight.is_helping:
        body = [Text(), *keys(frame, wide)]
    else:
        body = _body(frame, wide, rows)
    lines = [*top, *body[: max(0, rows)]]
    lines += [Text()] * (height - len(lines) - 1)
    return [_placed(each, width) for each in [*lines[: max(0, height - 1)], foot(frame, wide)]][:height]


def once(frame: Frame, width: int) -> list[Text]:
    """Return the picture with as many rows as it wants, for a file or a pipe."""
    wants = max(len(frame.tasks()), 1) + max(len(frame.failures()[:20]), 1) + 60
    lines = [*head(frame, width), *_body(frame, width, wants, is_whole=True)]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    for line in lines:
        line.rstrip()
    return lines


def _placed(line: Text, width: int) -> Text:
    """Return the line between the margins, exactly as wide as the terminal."""
    placed = Text(" " * _MARGIN)
    placed.append_text(line)
    return filled(placed, width)


def _body(frame: Frame, width: int, rows: int, *, is_whole: bool = False) -> list[Text]:
    above = [Text(), *troubles(frame, width, max(1, rows // 7))]
    if len(above) > 1:
        above.append(Text())
    above += [filled(each, width) for each in numbers(frame, width)]
    if width >= WIDE and rows > _LOW:
        right = max(_RIGHT, (width - _GAP) * 4 // 10)
        left = width - _GAP - right
        room = rows - len(above) - 1
        blocks = _left(frame, left, room, is_whole=is_whole), _right(frame, right, room)
        return [*above, Text(), *beside(*blocks, (left, right), _GAP)]
    above += [filled(services_line(frame), width)]
    return [*above, Text(), *_single(frame, width, rows - len(above) - 1, is_whole=is_whole)]


def _single(frame: Frame, width: int, rows: int, *, is_whole: bool) -> list[Text]:
    """One block: work, queues, failures; where there is little room the chosen panel alone."""
    wants = [
        max(1, len(frame.tasks())),
        queues_wanted(frame),
        max(1, len(frame.failures()[: 10 if is_whole else None])),
    ]
    if rows < _LOW - 4:
        return _few(frame, width, rows)
    given = shares(rows - 5, wants, _LEAST)
    panels = [
        work(frame, width, given[0]),
        queues_panel(frame, width, given[1]),
        failures(frame, width, given[2]),
    ]
    if (rest := rows - sum(map(len, panels)) - len(panels)) > _LEAST and not is_whole:
        panels.append(events(frame, width, rest - 1))
    elif frame.sight.panel == "events":
        panels[2] = events(frame, width, given[2])
    return _stacked(panels)


def _few(frame: Frame, width: int, rows: int) -> list[Text]:
    """The chosen panel with the rows that it wants, and the others as far as there is room behind it."""
    wants = {
        "work": (work, len(frame.tasks())),
        "queues": (queues_panel, queues_wanted(frame)),
        "failures": (failures, len(frame.failures())),
        "events": (events, len(frame.events())),
    }
    lines: list[Text] = []
    for name in sorted(wants, key=lambda each: each != frame.sight.panel):
        panel, want = wants[name]
        room = rows - len(lines) - (2 if lines else 1)
        if lines and room < 1:
            break
        lines = _stacked([*([lines] if lines else []), panel(frame, width, max(1, min(room, want)))])
    return lines


def _left(frame: Frame, width: int, rows: int, *, is_whole: bool) -> list[Text]:
    wants = [
        max(1, len(frame.tasks())),
        max(1, len(frame.failures()[: 10 if is_whole else None])),
        10 if is_whole else max(1, len(frame.model.events)),
    ]
    given = shares(rows - 5, wants, _LEAST)
    return _stacked(
        [work(frame, width, given[0]), failures(frame, width, given[1]), events(frame, width, given[2])]
    )


def _right(frame: Frame, width: int, rows: int) -> list[Text]:
    panels = [
        services_panel(frame, width),
        queues_panel(frame, width, queues_wanted(frame)),
        past_panel(frame, width),
        disks_panel(frame, width),
    ]
    return _stacked([each for each in panels if each])[:rows]


def _stacked(panels: list[list[Text]]) -> list[Text]:
    lines: list[Text] = []
    for panel in panels:
        lines += [*([Text()] if lines else []), *panel]
    return lines


def foot(frame: Frame, width: int) -> Text:
    """Return the last line: a question, an answer, the filter, or the keys."""
    sight = frame.sight
    line = Text()
    if sight.asked is not None:
        what = "Cancel" if sight.asked.what == "cancel" else "Run again"
        line.append(visible(f"{what} {sight.asked.name}?"), style=f"{HEAD} {ACCENT}")
        line.append("  y yes, any other key no", style=QUIET)
        return line
    if sight.is_typing:
        line.append(f"/{sight.filter}", style=HEAD)
        line.append(frame.glyphs.caret, style=ACCENT)
        line.append("  enter keeps it, esc drops it", style=QUIET)
        return line
    if sight.said:
        line.append(visible(sight.said), style=BAD if sight.is_bad else ACCENT)
        return line
    if sight.filter:
        line.append(f"/{sight.filter}", style=ACCENT)
    names = {"arrows": frame.glyphs.arrows, "enter": frame.glyphs.enter}
    for key, does in _STORY_KEYS if sight.story is not None else _KEYS:
        written = key.format(**names)
        gap = "  " if line else ""
        if len(line) + len(gap) + len(written) + 1 + len(does) > width:
            break
        line.append(gap)
        line.append(written, style=HEAD)
        line.append(f" {does}", style=QUIET)
    return line
