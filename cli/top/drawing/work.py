"""The panel of what is under way: each piece of work is a groove, with its needle."""

from rich.text import Text

from cli.pretty import clock, size
from cli.system.words import QUEUES, counted
from cli.top.answers import Work
from cli.top.drawing.frame import Frame
from cli.top.drawing.glyphs import bar
from cli.top.drawing.lines import ACCENT, LOADING, QUIET, Cell, cell, ending, row
from cli.top.model import Task

PANEL = "work"
_ROOMY, _WITH_SPEED = 100, 74
"""Columns from which on there is room for who does it, and for how fast."""
_WORKER = 20


def work(frame: Frame, width: int, rows: int) -> list[Text]:
    """Return the heading and so many rows at most."""
    tasks = frame.tasks()
    keys = [each.key for each in tasks]
    seen = frame.window(keys, PANEL, rows)
    lines = [frame.heading("Under way", PANEL, _note(frame, len(tasks), len(seen)))]
    if not tasks and rows:
        lines.append(Text("  " + _nothing(frame), style=QUIET))
    return [*lines, *(frame.marked(keys[at], PANEL, _row(frame, tasks[at], width - 3)) for at in seen)]


def _note(frame: Frame, count: int, seen: int) -> str:
    overview = frame.model.overview
    if overview is None:
        return ""
    converters = [each for each in overview.workers if each.kind == "converter"]
    slots, busy = sum(each.slots for each in converters), sum(len(each.working_on) for each in converters)
    said = [f"{busy} of {slots} slots of {counted(len(converters), 'converter')} busy"] if converters else []
    return ", ".join([*said, *([f"{seen} of {count} shown"] if seen < count else [])])


def _nothing(frame: Frame) -> str:
    if frame.model.overview is None:
        return ""
    return "nothing passes the filter" if frame.model.tasks() else "nothing, all workers are idle"


def _row(frame: Frame, task: Task, width: int) -> Text:
    made = task.work
    percent = "" if made.percent is None else f"{made.percent:.0f} %"
    beside = (
        Cell(percent, 5, right=True),
        Cell(_speed(frame, made), 8 if width >= _WITH_SPEED else 0, QUIET, right=True),
        Cell(_time(frame, made), 11, QUIET, right=True),
        Cell(ending(task.worker, _WORKER), _WORKER if width > _ROOMY else 0, QUIET),
    )
    room = width - 4 - sum(each.width + 2 * bool(each.width) for each in beside) + 2
    name = max(12, min(48, room * 11 // 20))
    done, needle, left = bar(frame.glyphs, made.percent, max(4, room - name))
    line = cell(Cell(_name(frame, task), name))
    line.append("  ")
    line.append(f"{done}{needle}", style=ACCENT)
    line.append(left, style=QUIET)
    line.append("  ")
    line.append_text(row(*beside))
    return line


def _name(frame: Frame, task: Task) -> str:
    again = f"  (attempt {task.work.attempt})" if task.work.attempt > 1 else ""
    is_called = not task.is_of_job or frame.model.is_called(task.work.subject)
    name = frame.model.name(task.work.subject) if is_called else LOADING
    if task.work.queue in ("video", "video.bulk"):
        return f"{name}{again}"
    return f"{QUEUES.get(task.work.queue, task.work.queue)}: {name}{again}"


def _speed(frame: Frame, made: Work) -> str:
    if made.speed:
        return (
            f"{made.speed:.1f}{frame.glyphs.times}"
            if made.speed < 100
            else f"{made.speed:.0f}{frame.glyphs.times}"
        )
    return size(made.bytes_done) if made.bytes_done else ""


def _time(frame: Frame, made: Work) -> str:
    """Return the time left where it is known, else the time that it has taken."""
    spent = max(0.0, (frame.now - made.since).total_seconds())
    if made.seconds_total and made.speed and made.seconds_done is not None:
        return f"{clock(max(0.0, made.seconds_total - made.seconds_done) / made.speed)} left"
    if made.percent and made.percent > 2:
        return f"{clock(spent * (100 - made.percent) / made.percent)} left"
    return f"for {clock(spent)}"
