"""`tonearm tail`: what is asked for, signals and output.

Following ends well by Ctrl-C, SIGTERM and a reader that goes away: that is how it ends.
"""

import asyncio
import glob
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import UNSET, Struct, UnsetType

from cli.client.asking import Access, naming
from cli.client.config import LOCAL
from cli.client.credentials import place_of
from cli.exits import Exit
from cli.log.looks import Look, looking
from cli.pipes import drop_output
from cli.remarks import say
from cli.signals import cancel_on_signals
from cli.tail.arguments import TIMES, Wish, choosing
from cli.tail.arguments import query as query_of
from cli.tail.elsewhere import GatewayLog, narrowed
from cli.tail.files import paths_of
from cli.tail.follow import Query, Sources, Tail
from cli.tail.formats import NAMES, named
from cli.tail.incoming import incoming, is_incoming
from cli.tail.output import Output
from cli.tree.command import command
from events.errors import TonearmError, Unavailable
from service.settings import load

if TYPE_CHECKING:  # the client alone has no driver of the broker, and needs none for files and elsewhere
    from cli.tail.event_log import EventLog


class Settings(Struct, frozen=True, kw_only=True):
    """The variables that are read: where events, their keys and the local stack's files are."""

    stream_url: str = ""
    mongodb_url: str = ""
    local_dir: str = ".local"


class Line(Struct, frozen=True, kw_only=True):
    """A line of `--json`, beside the fields of its own; `timestamp` is in UTC."""

    timestamp: str
    level: str | UnsetType = UNSET
    service: str
    event: str


class NothingToRead(TonearmError):
    """No source of what was asked for is there."""


@command(
    epilog=TIMES,
    examples=[
        "tonearm tail --since 10m --level warning",
        "tonearm tail --job @-1 -o short",
        "tonearm tail --on work --type job.failed",
        "tonearm tail --job 01a2 --type job.converted -c 1    # waits for it",
        "tonearm tail -i 'ffmpeg|cover' -x health -o '{timestamp:%H:%M:%S} {service} {event}'",
        "kubectl logs -f --prefix -l app=tonearm | tonearm tail -",
        "tonearm tail /var/log/tonearm/ old/*.gz --until yesterday --json",
    ],
    exits={
        Exit.NOTHING: "nothing was found",
        Exit.DATAERR: "the log is damaged",
        Exit.NOINPUT: "there is nothing to read",
        Exit.UNAVAILABLE: "the log is away",
        Exit.NOPERM: "the account is no administrator's",
    },
    codes={NothingToRead: Exit.NOINPUT},
    output=Line,
)
@naming
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@choosing
@click.option("--only", type=click.Choice(["events", "logs"]), help="one of the two")
@looking(*NAMES)
def tail(access: Access, paths: tuple[str, ...], only: str | None, wish: Wish, look: Look) -> Exit:
    """Show the events and the services' logs, merged by time, and follow them.

    A PATH is a log file, also a compressed one, a folder of them, a glob, a pipe, or `-` for standard input.
    Then only these are read, and their end is the end. Without any: the events, and the local stack's logs;
    of a gateway elsewhere (--on, --url) the events, for its administrators.
    """
    settings, now = load(Settings, os.environ), datetime.now(UTC)
    away = not paths and only != "logs" and _is_elsewhere(access, settings)
    if paths and (only == "events" or access.url or access.on):
        raise click.UsageError("a PATH is read alone, without the log of events")
    if only == "logs" and (access.url or access.on):
        raise click.UsageError("a gateway shows its events, and no logs")
    query = query_of(wish, follows=not paths, now=now)
    screen = look.screen.showing(wish.sought)
    output = Output(named(look.format, screen, whole=look.whole))
    try:
        if away:
            with access.signed_in() as gateway:
                log = GatewayLog(gateway, narrowed(wish.type_, wish.account), say)
                shown = asyncio.run(_run(Tail(query, Sources(log=log), output.show)))
        else:
            shown = asyncio.run(_here(_Asked(paths, only, now), settings, query, output))
    except BrokenPipeError:
        drop_output()
        return Exit.OK
    except (asyncio.CancelledError, KeyboardInterrupt):
        return Exit.OK
    if not shown and not query.follow:
        say("nothing was found")
        return Exit.NOTHING
    return Exit.OK


class _Asked(Struct, frozen=True):
    paths: tuple[str, ...]
    only: str | None
    now: datetime


def _is_elsewhere(access: Access, settings: Settings) -> bool:
    """Return True if the log of a gateway is meant, which tells of it over HTTP.

    One that the environment or `config.toml` names is meant only where there is no stack at hand.
    """
    if access.url or access.on or access.email:
        return access.on != LOCAL
    return not settings.stream_url and place_of(access, os.environ) is not None


async def _run(tail: Tail) -> int:
    cancel_on_signals()
    await tail.run()
    return tail.shown


async def _here(asked: _Asked, settings: Settings, query: Query, output: Output) -> int:
    """Show the records, and return how many there were. Raises TonearmError."""
    folder = Path(glob.escape(settings.local_dir), "logs")
    paths = asked.paths or (str(folder / "*.jsonl"), str(folder / "*.jsonl.1"))  # the second: rotated
    paths = paths if asked.only != "events" else ()
    pipes = [incoming(path) for path in paths if is_incoming(path)]
    patterns = [path for path in paths if not is_incoming(path)]
    missing = _missing(patterns, asked.paths, wait=query.follow)
    has_logs = bool(asked.paths and paths) or len(missing) < len(patterns)
    log = None
    if asked.only != "logs" and not asked.paths:
        log = await _event_log(settings.stream_url, has_logs, query.follow, asked.now)
    elif not has_logs:
        raise NothingToRead(f"no log file is there ({patterns[0]}); is the stack running?")
    tail = Tail(query, Sources(patterns=patterns, log=log, pipes=pipes), output.show)
    if log is None:
        return await _run(tail)
    from cli.log.keys import keys_at_hand  # its driver takes a while to load

    async with keys_at_hand(settings.mongodb_url, say) as log.keys:
        return await _run(tail)


def _missing(patterns: list[str], named: tuple[str, ...], *, wait: bool) -> list[str]:
    """Return the patterns that find nothing. Raises NothingToRead for those that a person named."""
    missing = [path for path in patterns if not paths_of(path)]
    for path in patterns if named else ():
        if path in missing and not wait:
            raise NothingToRead(f"{path}: no such file")
        if path in missing:
            say(f"{path}: not there yet, waiting for it")
        elif not any(os.access(each, os.R_OK) for each in paths_of(path)):
            raise NothingToRead(f"{path}: permission denied")
    return missing


async def _event_log(url: str, has_logs: bool, follow: bool, now: datetime) -> "EventLog | None":
    """Return the event log, or None when it cannot be had and there are logs to show without it."""
    if not url:
        if not has_logs:
            raise NothingToRead("STREAM_URL is not set and no log file is there; is the stack running?")
        say("event log: STREAM_URL is not set, showing logs only; is the stack running?")
        return None
    from cli.tail.event_log import EventLog

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
