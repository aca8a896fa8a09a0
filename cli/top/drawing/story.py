"""A job's story: its facts, and what has happened to it."""

import textwrap
from datetime import datetime

from rich.text import Text

from cli.pretty import visible
from cli.system.words import STATES
from cli.top.answers import AnyJob
from cli.top.drawing.frame import Frame
from cli.top.drawing.glyphs import bar
from cli.top.drawing.lines import ACCENT, BAD, HEAD, QUIET, Cell, ending, row

_TIME, _AFTER, _TYPE = 21, 12, 22
_WORKER = 22


def story(frame: Frame, job: AnyJob, width: int, rows: int) -> list[Text]:
    """Return the story in so many rows, scrolled as the person has it."""
    lines = [Text(visible(job.filename or job.job_id), style=HEAD), Text()]
    for name, text, style in _facts(job):
        lines += _fact(name, text, width, style)
    lines += [Text(), *_under_way(frame, job, width)]
    lines += [frame.heading("What has happened")]
    before: datetime | None = None
    for entry in job.timeline:
        time = datetime.fromisoformat(entry.time)
        after = f"{(time - before).total_seconds():+.3f} s" if before else ""
        before = time
        local = time.astimezone()
        lines.append(
            row(
                Cell(f"  {local:%Y-%m-%d %H:%M:%S}", _TIME),
                Cell(after, _AFTER, QUIET, right=True),
                Cell(entry.type, _TYPE, BAD if entry.type.endswith("failed") else ""),
                Cell(entry.note, max(0, width - _TIME - _AFTER - _TYPE - 7), QUIET),
            )
        )
    most = max(0, len(lines) - rows)
    first = min(frame.sight.scrolled, most)
    return lines[first : first + rows]


def _facts(job: AnyJob) -> list[tuple[str, str, str]]:
    run = f", run {job.run}" if job.run > 1 else ""
    told = [
        ("state", STATES.get(job.state, job.state) + run, BAD if job.state == "failed" else ""),
        ("job", job.job_id, ""),
        ("account", job.account, ""),
    ]
    if job.error is not None:
        told.append(("failure", f"{job.error.code}: {job.error.message}", BAD))
    return told


def _fact(name: str, text: str, width: int, style: str) -> list[Text]:
    """Return a fact whole: a reason may need several lines."""
    room = max(10, width - 15)
    parts = textwrap.wrap(visible(text), room) or [""]
    names = [f"  {name}", *[""] * (len(parts) - 1)]
    return [
        row(Cell(left, 12, QUIET), Cell(part, room, style)) for left, part in zip(names, parts, strict=True)
    ]


def _under_way(frame: Frame, job: AnyJob, width: int) -> list[Text]:
    """The groove with its needle, while it is worked on."""
    for task in frame.model.tasks():
        if task.work.subject == job.job_id:
            done, needle, left = bar(frame.glyphs, task.work.percent, max(8, min(60, width - _WORKER - 14)))
            line = Text("  ")
            line.append(f"{done}{needle}", style=ACCENT)
            line.append(left, style=QUIET)
            if task.work.percent is not None:
                line.append(f"  {task.work.percent:.0f} %")
            line.append(f"  {ending(task.worker, _WORKER)}", style=QUIET)
            return [line, Text()]
    return []
