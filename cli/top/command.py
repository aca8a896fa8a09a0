"""`tonearm top`: the cockpit of a gateway's administrators."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

import click
import msgspec
from msgspec import Struct

from cli.client.asking import EXITS, asking
from cli.client.gateway import Gateway
from cli.exits import Exit
from cli.pretty import console_for
from cli.top.answers import AnyJob, LogState, Overview, Queue, Worker
from cli.top.model import Model
from cli.top.needs import needs
from cli.top.news import Looked
from cli.top.watch import looked, met, remembered
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from cli.tree.types import Read

_SHORTEST, _LONGEST = 0.2, 3600.0
_FAILED = 20
_PLAIN = 100
"""Columns of a picture in a file or a pipe."""


def _seconds(text: str) -> float:
    """Return the time between two looks. Raises ValueError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not _SHORTEST <= seconds <= _LONGEST:
        raise ValueError(f"takes seconds from {_SHORTEST} to {_LONGEST:.0f}, not {text!r}")
    return seconds


_EVERY = Read("SECONDS", _seconds)


class Standing(Struct, frozen=True, kw_only=True):
    """The state of a system at a time. `needs`: what needs somebody, each a sentence."""

    time: datetime
    gateway: str
    needs: Sequence[str]
    jobs: Mapping[str, int] | None
    log: LogState
    queues: Sequence[Queue] | None
    workers: Sequence[Worker]
    events_a_second: float | None
    """Of the last seconds; null in the first look."""
    failures: Sequence[AnyJob]
    """The last jobs that failed, newest first."""


@command(
    examples=[
        "tonearm top",
        "tonearm top --on work",
        "tonearm top --once > picture.txt",
        "tonearm top --json | jq .queues",
    ],
    exits=EXITS,
    output=Standing,
)
@click.option("--once", is_flag=True, help="one look, and the end; so it is in a pipe")
@click.option("--every", type=_EVERY, default=1.0, show_default=True, help="the time between two looks")
@printing
@asking
def top(gateway: Gateway, once: bool, every: float, out: Printer) -> Exit | None:
    """Watch a system: services, queues, jobs, what each converter does, and what failed.

    For administrators of any gateway. `q` ends it, `p` holds the picture, Tab and the arrows choose a row,
    Enter shows a job's story, `c` cancels it, `r` runs it again, `/` filters, `?` shows the keys.
    """
    name = urlsplit(gateway.url).netloc.rpartition("@")[2]
    first = looked(gateway)
    if not out.for_people:
        _write(gateway, name, first, out, every=None if once else every)
    elif once or not _is_for_pictures():
        _draw(gateway, name, first)
    else:
        from cli.top.screen import Cockpit

        gateway.ask_nobody()
        Cockpit(gateway, name, every, console_for(sys.stdout)).run(first)
    return None


def _is_for_pictures() -> bool:
    """Return True if a person sits before a terminal that can be drawn on."""
    return sys.stdout.isatty() and sys.stdin.isatty() and not console_for(sys.stdout).is_dumb_terminal


def _write(gateway: Gateway, name: str, first: Looked, out: Printer, *, every: float | None) -> None:
    """Print numbers: once, or for ever."""
    import time

    model, looking = Model(name), first
    while True:
        model.take(looking)
        standing = _standing(model, looking, met(gateway, "failed", _FAILED).jobs)
        out.line(msgspec.json.encode(standing), "")
        if every is None:
            return
        sys.stdout.flush()
        time.sleep(every)
        looking = looked(gateway)


def _standing(model: Model, looking: Looked, failures: Sequence[AnyJob]) -> Standing:
    overview: Overview = looking.overview
    rate = model.rate.now(looking.at.timestamp())
    return Standing(
        time=looking.at,
        gateway=model.gateway,
        needs=list(needs(overview, looking.at)),
        jobs=overview.jobs,
        log=overview.log,
        queues=overview.queues,
        workers=overview.workers,
        events_a_second=None if rate is None else round(rate, 3),
        failures=failures,
    )


def _draw(gateway: Gateway, name: str, first: Looked) -> None:
    """Print one picture, as long as it wants to be."""
    from cli.top.drawing.frame import Frame
    from cli.top.drawing.glyphs import glyphs_for
    from cli.top.drawing.page import once
    from cli.top.sight import Sight

    model = Model(name)
    for news in (
        first,
        remembered(gateway),
        met(gateway, "converting", 200),
        met(gateway, "failed", _FAILED),
    ):
        model.take(news)
    console = console_for(sys.stdout)
    frame = Frame(model, Sight(is_still=True), datetime.now(UTC), glyphs_for(console.encoding))
    for line in once(frame, console.width if console.is_terminal else _PLAIN):
        console.print(line, soft_wrap=True)
