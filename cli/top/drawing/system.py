"""The panels beside the work: services, queues, the last hour, disks."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from rich.text import Text

from cli.pretty import clock, size
from cli.system.words import QUEUES
from cli.top.answers import Overview, Point, Queue
from cli.top.drawing.frame import Frame
from cli.top.drawing.glyphs import bar, curve
from cli.top.drawing.lines import (
    ACCENT,
    BAD,
    CURVE,
    GOOD,
    HEAD,
    LOADING,
    QUIET,
    Cell,
    cell,
    ending,
    fitted,
    row,
)
from cli.top.needs import is_scarce, is_short

_PARTS = {"auth": "auth", "publisher": "broker", "mongodb": "database"}
"""The checks that stand for a service each."""
_COLUMNS = (("waiting", 9), ("again", 7), ("given up", 10), ("idle", 6))
"""The headings of what queues hold, each with the width of its column."""
_NAME = 15
_LEAST_TREND = 12
_MOST_DISKS = 4
_NUMBERS = sum(width for _, width in _COLUMNS)


class Service(Struct, frozen=True):
    """A service: whether it is well (None: there is none), and a remark on it, also in brief."""

    name: str
    is_well: bool | None
    said: str
    brief: str = ""


class Full(Struct, frozen=True):
    """The free bytes of a disk, and whether they are few."""

    name: str
    free: int
    total: int | None
    is_short: bool


def services(overview: Overview) -> Iterator[Service]:
    """Yield the services: those that are checked, and those that show themselves."""
    for kind in ("gateway", "converter", "notifier"):
        found = [each for each in overview.workers if each.kind == kind]
        if not found:
            yield Service(kind, None, "none is alive", "none")
            continue
        slots, busy = sum(each.slots for each in found), sum(len(each.working_on) for each in found)
        count = "" if len(found) == 1 else f"{len(found)}, "
        said = f"{count}{busy} of {slots} busy" if slots else str(len(found))
        yield Service(kind, True, said, str(len(found)) if kind == "gateway" else f"{busy}/{slots}")
    for check, name in _PARTS.items():
        if check in overview.checks:
            wrong = overview.checks[check]
            yield Service(name, wrong is None, wrong or "ready", "")


def services_line(frame: Frame) -> Text:
    """Return all services in one line, as short as can be."""
    line = Text()
    for each in services(frame.model.overview) if frame.model.overview else ():
        line.append("  " if line else "")
        line.append_text(_mark(frame, each))
        line.append(f" {each.name}")
        if each.brief:
            line.append(f" {each.brief}", style=QUIET if each.is_well else BAD)
    return line


def services_panel(frame: Frame, width: int) -> list[Text]:
    """Return the heading and a row for each service."""
    lines = [frame.heading("Services")]
    overview = frame.model.overview
    for each in services(overview) if overview else ():
        line = Text("  ")
        line.append_text(_mark(frame, each))
        line.append_text(row(Cell(f" {each.name}", 12), Cell(each.said, width - 18, QUIET)))
        if overview and (since := [other.since for other in overview.workers if other.kind == each.name]):
            said = f"since {clock((frame.now - min(since)).total_seconds())}"
            if width > 56:
                line.truncate(width - len(said) - 2, pad=True)
                line.append(said, style=QUIET)
        lines.append(line)
    return lines


def queues_panel(frame: Frame, width: int, rows: int) -> list[Text]:
    """Return the heading and a row for each queue; for those that hold any where there is no room for all."""
    overview = frame.model.overview
    if overview is not None and overview.queues is None:
        return [frame.heading("Queues"), Text("  the broker does not answer", style=QUIET)]
    found = list(overview.queues or ()) if overview else []
    shown = found if len(found) <= rows else _fullest(found, rows)
    trend = max(0, min(60, width - _NAME - _NUMBERS - 5))
    head = Text(no_wrap=True)
    head.append(fitted("QUEUES", _NAME), style=HEAD)
    for title, wide in _COLUMNS:
        head.append(fitted(title, wide, right=True), style=QUIET)
    if trend >= _LEAST_TREND and frame.model.points:
        head.append("   the last hour", style=QUIET)
    return [head, *(_queue(frame, each, trend) for each in shown)]


def queues_wanted(frame: Frame) -> int:
    """Return how many rows the queues want."""
    overview = frame.model.overview
    return len(overview.queues) if overview and overview.queues is not None else 1


def past_panel(frame: Frame, width: int) -> list[Text]:
    """Return the last hour as curves, a row each with its number."""
    points = frame.model.points
    if not points:
        if frame.is_answered("history"):
            return []
        return [frame.heading("The last hour"), Text(f"  {LOADING}", style=QUIET)]
    room = max(8, min(60, width - 34))
    factor = [each.done.realtime_factor if each.done else None for each in points]
    speeds = [each for each in factor if each]
    failed = _done(points, "failed")
    lags = [each.look.waiting_seconds if each.look else None for each in points]
    told = (
        ("jobs begun", _done(points, "made"), _sum(_done(points, "made")), CURVE),
        ("converted", _done(points, "converted"), _sum(_done(points, "converted")), CURVE),
        ("failed", failed, _sum(failed), BAD),
        ("audio by work", factor, f"{speeds[-1]:.0f}{frame.glyphs.times}" if speeds else "", CURVE),
        ("lag of views", lags, f"{max((each for each in lags if each), default=0):.1f} s", CURVE),
    )
    lines = [frame.heading("The last hour")]
    for title, values, number, style in told:
        line = cell(Cell(f"  {title}", 17))
        is_flat = not any(values)
        line.append(curve(frame.glyphs, values, room), style=QUIET if is_flat else style)
        line.append(f"  {number}", style="" if not is_flat else QUIET)
        lines.append(line)
    return lines


def disks_panel(frame: Frame, width: int) -> list[Text]:
    """Return how full each disk is that anybody reports."""
    overview = frame.model.overview
    lines = []
    for disk in _disks(overview) if overview else ():
        wide = 18 if width < 60 else 26
        room = max(6, min(24, width - wide - 22))
        line = cell(Cell(f"  {ending(disk.name, wide)}", wide + 2))
        if disk.total:
            done, needle, left = bar(frame.glyphs, 100 - 100 * disk.free / disk.total, room)
            line.append(f" {done}{needle}", style=BAD if disk.is_short else ACCENT)
            line.append(left, style=QUIET)
        else:
            line.append(" " * (room + 1))
        line.append(f"  {size(disk.free)} free", style=BAD if disk.is_short else QUIET)
        lines.append(line)
    return [frame.heading("Disks"), *lines] if lines else []


def _disks(overview: Overview) -> list[Full]:
    """Return the servers' disks, and the fullest of those that workers have, one of each machine."""
    servers = [
        Full(each.name, each.free, each.total, is_scarce(each))
        for each in overview.disks
        if each.free is not None
    ]
    machines = {
        worker.name.partition("/")[0]: worker.disk for worker in overview.workers if worker.disk is not None
    }
    fullest = sorted(machines.items(), key=lambda item: item[1].free / max(1, item[1].total))
    return servers + [
        Full(name, room.free, room.total, is_short(room)) for name, room in fullest[:_MOST_DISKS]
    ]


def _mark(frame: Frame, service: Service) -> Text:
    if service.is_well is None:
        return Text(frame.glyphs.absent, style=BAD if service.name == "converter" else QUIET)
    return Text(
        frame.glyphs.well if service.is_well else frame.glyphs.ill, style=GOOD if service.is_well else BAD
    )


def _queue(frame: Frame, queue: Queue, trend: int) -> Text:
    line = cell(Cell(f"  {QUEUES.get(queue.name, queue.name)}", _NAME))
    if queue.waiting is None:
        line.append("  not there", style=BAD)
        return line
    amounts = (
        (queue.waiting, _of_waiting(queue)),
        (queue.retrying, ACCENT),
        (queue.parked, BAD),
        (queue.idle_workers, ""),
    )
    for (count, style), (_, wide) in zip(amounts, _COLUMNS, strict=True):
        line.append(fitted(f"{count:,}", wide, right=True), style=style if count else QUIET)
    if trend >= _LEAST_TREND:
        depths = [
            float(each.look.queues[queue.name].waiting + each.look.queues[queue.name].retrying)
            if each.look and each.look.queues and queue.name in each.look.queues
            else None
            for each in frame.model.points
        ]
        if any(each is not None for each in depths):
            depths = [*depths, float(queue.waiting + queue.retrying)]
        line.append("   ")
        line.append(curve(frame.glyphs, depths, trend), style=CURVE if any(depths) else QUIET)
    return line


def _of_waiting(queue: Queue) -> str:
    """Messages that wait while nobody is idle are work to come; they are no fault."""
    return HEAD if queue.waiting else QUIET


def _fullest(queues: Sequence[Queue], rows: int) -> list[Queue]:
    held = [each for each in queues if each.waiting != 0 or each.retrying or each.parked]
    chosen = [*held, *(each for each in queues if each not in held)][:rows]
    return [each for each in queues if each in chosen]


def _done(points: Sequence[Point], name: str) -> list[float | None]:
    return [float(getattr(each.done, name)) if each.done else None for each in points]


def _sum(values: Sequence[float | None]) -> str:
    return f"{sum(each for each in values if each):,.0f}"
