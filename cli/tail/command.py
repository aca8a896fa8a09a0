"""`tonearm tail`: arguments, signals and output.

Exit codes: 0 done, also when ended by Ctrl-C, SIGTERM or a closed pipe, since that is how following ends;
1 the event log is damaged; 2 the arguments are wrong; 4 nothing was found; 66 there is nothing to read;
69 the event log is away.
"""

import argparse
import asyncio
import glob
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from cli.exits import Exit, exit_for
from cli.log.looks import screen_of
from cli.pipes import drop_output
from cli.remarks import say
from cli.signals import cancel_on_signals
from cli.tail.arguments import parser
from cli.tail.arguments import query as query_of
from cli.tail.event_log import EventLog
from cli.tail.files import paths_of
from cli.tail.follow import Query, Sources, Tail
from cli.tail.formats import named
from cli.tail.incoming import incoming, is_incoming
from cli.tail.output import Output
from events.errors import TonearmError, Unavailable
from service.settings import InvalidSetting, load


class Settings(Struct, frozen=True, kw_only=True):
    """The variables that are read: where events, their keys and the local stack's files are."""

    stream_url: str = ""
    mongodb_url: str = ""
    local_dir: str = ".local"


class NothingToRead(TonearmError):
    """No source of what was asked for is there."""


def main(argv: list[str]) -> int:
    """Run `tonearm tail` and return its exit code."""
    now = datetime.now(UTC)
    try:
        arguments = parser().parse_args(argv)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    try:
        settings = load(Settings, os.environ)
        query = query_of(arguments, now)
    except (InvalidSetting, ValueError, re.error) as error:
        print(f"tonearm tail: {error}", file=sys.stderr)
        return Exit.USAGE
    screen = screen_of(color=arguments.color)
    output = Output(named(arguments.format, screen, whole=arguments.verbose))
    try:
        shown = asyncio.run(_tail(arguments, settings, query, output, now))
        if not shown and not query.follow:
            say("nothing was found")
            return Exit.NOTHING
    except BrokenPipeError:
        drop_output()
    except (asyncio.CancelledError, KeyboardInterrupt):
        pass
    except TonearmError as error:
        print(f"tonearm tail: {error}", file=sys.stderr)
        return exit_for(error, {NothingToRead: Exit.NOINPUT})
    return Exit.OK


async def _tail(
    arguments: argparse.Namespace, settings: Settings, query: Query, output: Output, now: datetime
) -> int:
    """Show the records, and return how many there were. Raises TonearmError."""
    cancel_on_signals()
    folder = Path(glob.escape(settings.local_dir), "logs")
    paths = arguments.paths or [str(folder / "*.jsonl"), str(folder / "*.jsonl.1")]  # the second: rotated
    paths = paths if arguments.only != "events" else []
    pipes = [incoming(path) for path in paths if is_incoming(path)]
    patterns = [path for path in paths if not is_incoming(path)]
    missing = [path for path in patterns if not paths_of(path)]
    for path in missing if arguments.paths else ():
        if not query.follow:
            raise NothingToRead(f"{path}: no such file")
        say(f"{path}: not there yet, waiting for it")
    has_logs = bool(arguments.paths and paths) or len(missing) < len(patterns)
    log = None
    if arguments.only != "logs" and not arguments.paths:
        log = await _event_log(settings.stream_url, say, has_logs, query.follow, now)
    elif not has_logs:
        raise NothingToRead(f"no log file is there ({patterns[0]}); is the stack running?")
    tail = Tail(query, Sources(patterns=patterns, log=log, pipes=pipes), output.show)
    if log is None:
        await tail.run()
        return tail.shown
    from cli.log.keys import keys_at_hand  # its driver takes a while to load

    async with keys_at_hand(settings.mongodb_url, say) as log.keys:
        await tail.run()
    return tail.shown


async def _event_log(
    url: str, say: Callable[[str], None], has_logs: bool, follow: bool, now: datetime
) -> EventLog | None:
    """Return the event log, or None when it cannot be had and there are logs to show without it."""
    if not url:
        if not has_logs:
            raise NothingToRead("STREAM_URL is not set and no log file is there; is the stack running?")
        say("event log: STREAM_URL is not set, showing logs only; is the stack running?")
        return None
    log = EventLog(url, say)
    try:
        await log.find()
    except Unavailable as error:
        if not has_logs:
            raise NothingToRead(f"the event log is unreachable ({error}) and no log file is there") from error
        if not follow:
            say(f"event log: unreachable ({error}), showing logs only")
            return None
        say(f"event log: unreachable ({error}), showing logs only until it is back")
        log.wait_from(now)
    return log
