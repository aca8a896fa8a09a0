"""`tonearm up`: run the stack on this machine, or start it in the background."""

import asyncio
import os
import sys

import click

from cli.exits import Exit
from cli.log.screen import Screen
from cli.tail.follow import Query, Sources, Tail
from cli.tail.formats import pretty
from cli.tail.output import Output
from cli.tail.record import Level, Record
from cli.tree.command import command
from infra.local import given, stack, state
from service.logs import STARTED

_BELOW = ("stack", "rabbitmq", "mongodb", "mail")


@command(
    examples=["tonearm up", "tonearm up --detach"],
    exits={Exit.UNAVAILABLE: "a part does not start, or what it needs is missing"},
)
@click.option("-d", "--detach", is_flag=True, help="in the background; return once it is ready")
@click.option("--no-logs", is_flag=True, help="do not show the logs, only write them")
@click.option("--lock", type=int, hidden=True, help="a descriptor that --detach hands over")
def up(detach: bool, no_logs: bool, lock: int | None) -> None:
    """Run the stack on this machine. Ctrl-C stops all of it."""
    if detach and no_logs:
        raise click.UsageError("--detach and --no-logs exclude each other")
    settings = given.settings(os.environ)
    if detach:
        known = state.running(settings.directory)
        reached = stack.ensure_up(_say)
        standing = "runs already, with the settings of its start" if known and known.ready else "is ready"
        _say(f"Tonearm {standing}: {reached['PUBLIC_URL']}  (./justw down stops it)")
    else:
        stack.run(settings, _say, show_logs=None if no_logs else _show_logs, lock=lock)
        _say(f"stopped; the data stays in {settings.directory}")


async def _show_logs(pattern: str, stop: asyncio.Event) -> None:
    """Print the services' lines that come into the log files from now on, merged by time."""
    output = Output(pretty(Screen(colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))))
    query = Query(last=0, filters=(lambda record: _is_shown(record, ending=stop.is_set()),))
    await Tail(query, Sources(patterns=[pattern]), output.show).run()


def _is_shown(record: Record, *, ending: bool) -> bool:
    """Return True for the services' lines, and for trouble with what is below them.

    `_say` prints a component's start. The servers have banners, and complain while they are stopped.
    """
    if record.source in _BELOW:
        return not ending and record.level is not None and record.level >= Level.WARNING
    return record.event != STARTED


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
