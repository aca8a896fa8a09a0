"""`tonearm up`: run the stack on this machine, or start it in the background."""

import argparse
import asyncio
import os
import sys

from cli.exits import Exit
from cli.log.screen import Screen
from cli.tail.follow import Query, Sources, Tail
from cli.tail.formats import pretty
from cli.tail.output import Output
from cli.tail.record import Level, Record
from infra.local import given, stack, state
from service.logs import STARTED

_BELOW = ("stack", "rabbitmq", "mongodb", "mail")


def main(argv: list[str]) -> int:
    """Run `tonearm up`. Raises LocalError, InvalidSetting."""
    parser = argparse.ArgumentParser(
        prog="tonearm up", description="Run the local stack. Ctrl-C stops all of it."
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-d", "--detach", action="store_true", help="in the background; return once it is ready")
    how.add_argument("--no-logs", action="store_true", help="do not show the logs, only write them")
    parser.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # a descriptor that `--detach` hands over
    options = parser.parse_args(argv)
    settings = given.settings(os.environ)
    if options.detach:
        known = state.running(settings.directory)
        reached = stack.ensure_up(_say)
        standing = "runs already, with the settings of its start" if known and known.ready else "is ready"
        _say(f"Tonearm {standing}: {reached['PUBLIC_URL']}  (./justw down stops it)")
    else:
        stack.run(settings, _say, show_logs=None if options.no_logs else _show_logs, lock=options.lock)
        _say(f"stopped; the data stays in {settings.directory}")
    return Exit.OK


async def _show_logs(pattern: str, stop: asyncio.Event) -> None:
    """Print the services' lines that come into the log files from now on, merged by time."""
    output = Output(pretty(Screen(colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))))
    query = Query(last=0, filters=(lambda record: _is_shown(record, ending=stop.is_set()),))
    await Tail(query, Sources(patterns=[pattern]), output.show).run()


def _is_shown(record: Record, *, ending: bool) -> bool:
    """Return True for what the services say, and for trouble with what is below them.

    A component's start is told by `say`. The servers have banners, and complain while they are stopped.
    """
    if record.source in _BELOW:
        return not ending and record.level is not None and record.level >= Level.WARNING
    return record.event != STARTED


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
