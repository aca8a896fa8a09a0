"""The sources at hand: files and pipes that were named, or the local stack's logs and the log of events."""

import glob
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from cli.errors import stack_is_down
from cli.streams.remarks import say
from cli.tail.follow import Sources
from cli.tail.sources.files import paths_of
from cli.tail.sources.pipes import incoming, is_incoming
from events.errors import TonearmError, Unavailable

if TYPE_CHECKING:  # the client alone has no driver of the broker, and needs none for files
    from cli.tail.sources.event_log import EventLog


class Settings(Struct, frozen=True, kw_only=True):
    """The variables that are read: where events, their keys and the local stack's files are."""

    stream_url: str = ""
    mongodb_url: str = ""
    local_dir: str = ".local"


class NothingToRead(TonearmError):
    """No source of what was asked for is there."""


class Place(Struct, frozen=True):
    """The place to read: the paths that a person named, or one kind of what is at hand, or both kinds.

    `follow`: what is not there may come.
    """

    paths: tuple[str, ...]
    only: Literal["events", "logs"] | None
    follow: bool


@asynccontextmanager
async def at_hand(place: Place, settings: Settings) -> AsyncIterator[Sources]:
    """Give the sources for a block. Raises NothingToRead, Unavailable, InvalidSetting."""
    folder = Path(glob.escape(settings.local_dir), "logs")
    paths = place.paths or (str(folder / "*.jsonl"), str(folder / "*.jsonl.1"))  # the second: rotated
    paths = paths if place.only != "events" else ()
    pipes = [incoming(path) for path in paths if is_incoming(path)]
    patterns = [path for path in paths if not is_incoming(path)]
    missing = _missing(patterns, place)
    has_logs = bool(place.paths and paths) or len(missing) < len(patterns)
    log = None
    if place.only != "logs" and not place.paths:
        log = await _event_log(settings.stream_url, has_logs, place.follow)
    elif not has_logs:
        raise NothingToRead(f"no log file is there ({patterns[0]}); is the stack running?")
    sources = Sources(patterns=patterns, log=log, pipes=pipes)
    if log is None:
        yield sources
        return
    from cli.log.keys import keys_at_hand  # its driver takes a while to load

    async with keys_at_hand(settings.mongodb_url, say) as log.keys:
        yield sources


def _missing(patterns: list[str], place: Place) -> list[str]:
    """Return the patterns that find nothing. Raises NothingToRead for those that a person named."""
    missing = [path for path in patterns if not paths_of(path)]
    for path in patterns if place.paths else ():
        if path in missing and not place.follow:
            raise NothingToRead(f"{path}: no such file")
        if path in missing:
            say(f"{path}: not there yet, waiting for it")
        elif not any(os.access(each, os.R_OK) for each in paths_of(path)):
            raise NothingToRead(f"{path}: permission denied")
    return missing


async def _event_log(url: str, has_logs: bool, follow: bool) -> "EventLog | None":
    """Return the event log, or None when it cannot be had and there are logs to show without it."""
    if not url:
        if not has_logs:
            raise Unavailable(stack_is_down("name a gateway by --on or --url"))
        say("event log: STREAM_URL is not set, showing logs only; is the stack running?")
        return None
    from cli.tail.sources.event_log import EventLog

    log, now = EventLog(url, say), datetime.now(UTC)
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
