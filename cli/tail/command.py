"""`tonearm tail`: what is asked for, signals and output.

Following ends well by SIGTERM and a reader that goes away: that is how it ends. Ctrl-C is 130, as everywhere.
"""

import asyncio
import os
import signal
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from cli.client.asking import Access, naming
from cli.client.config import LOCAL
from cli.client.credentials import place_of
from cli.exits import Exit
from cli.log.looks import Look, looking
from cli.streams.pipes import drop_output
from cli.streams.remarks import say
from cli.streams.signals import cancel_on_signals
from cli.tail.arguments import TIMES, Wish, choosing, follows, query
from cli.tail.follow import Sources, Tail
from cli.tail.formats import NAMES, named
from cli.tail.output import Output
from cli.tail.slips import slips
from cli.tail.sources.at_hand import NothingToRead, Place, Settings, at_hand
from cli.tail.sources.gateway_log import GatewayLog, narrowed
from cli.tail.subjects import counted_back
from cli.tree.command import command
from service.settings import load

Only = Literal["events", "logs"] | None


class Line(Struct, frozen=True, kw_only=True):
    """A line of `--json`, beside the fields of its own; `timestamp` is in UTC."""

    timestamp: str
    level: str | UnsetType = UNSET
    service: str
    event: str


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
        Exit.INTERRUPTED: "Ctrl-C",
    },
    codes={NothingToRead: Exit.NOINPUT},
    output=Line,
)
@naming
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@choosing
@click.option("--only", type=click.Choice(["events", "logs"]), help="one of the two")
@looking(*NAMES, at_terminal="short")
def tail(access: Access, paths: tuple[str, ...], only: Only, wish: Wish, look: Look) -> Exit:
    """Show the events and the services' logs, merged by time, and follow them.

    A PATH is a log file, also a compressed one, a folder of them, a glob, a pipe, or `-` for standard input.
    Then only these are read, and their end is the end. Without any: the events, and the local stack's logs;
    of a gateway elsewhere (--on, --url) the events, for its administrators.
    """
    if paths and (only == "events" or access.url or access.on):
        raise click.UsageError("a PATH is read alone, without the log of events")
    if only == "logs" and (access.url or access.on):
        raise click.UsageError("a gateway shows its events, and no logs")
    settings, screen = load(Settings, os.environ), look.screen.showing(wish.sought)
    output = Output(named(look.format, screen, whole=look.whole))
    place = Place(paths, only, follows(wish, not paths, datetime.now(UTC)))
    for slip in () if paths else slips(wish.service, wish.type_, Path(settings.local_dir, "logs")):
        say(slip)
    try:
        if not paths and only != "logs" and _is_elsewhere(access, settings):
            with access.signed_in() as gateway:
                log = GatewayLog(gateway, narrowed(wish), say)
                found = asyncio.run(_shown(wish, nullcontext(Sources(log=log)), place, output))
        else:
            found = asyncio.run(_shown(wish, at_hand(place, settings), place, output))
    except BrokenPipeError:
        drop_output()
        return Exit.OK
    except (asyncio.CancelledError, KeyboardInterrupt):
        return Exit.INTERRUPTED
    if found is None:
        return Exit.OK
    if not found and not place.follow:
        say("nothing was found")
        return Exit.NOTHING
    return Exit.OK


def _is_elsewhere(access: Access, settings: Settings) -> bool:
    """Return True if the log of a gateway is meant, which publishes it over HTTP.

    One that the environment or `config.toml` names is meant only where there is no stack at hand.
    """
    if access.url or access.on or access.email:
        return access.on != LOCAL
    return not settings.stream_url and place_of(access, os.environ) is not None


async def _shown(
    wish: Wish, opened: AbstractAsyncContextManager[Sources], place: Place, output: Output
) -> int | None:
    """Show the records, and return how many there were; None: SIGTERM ended it. Raises TonearmError."""
    came = cancel_on_signals()
    try:
        async with opened as sources:
            if sources.log is not None:
                wish = replace(wish, job=await counted_back(sources.log, wish.job))
            tail = Tail(query(wish, follow=place.follow), sources, output.show)
            await tail.run()
    except asyncio.CancelledError:
        if came != [signal.SIGTERM]:
            raise
        return None
    return tail.shown
