"""The arguments of `tonearm tail`, and the query they mean. Pure: the time now comes in as an argument."""

import argparse
from datetime import datetime
from typing import Any

from cli.tail import filters
from cli.tail.follow import Query
from cli.tail.spellings import level_of
from cli.times import EXAMPLES, point_in_time

DEFAULT_LAST = 10
_DEFAULTS = f"{DEFAULT_LAST}; all with --job, --since, --until, --no-follow"


def parser() -> argparse.ArgumentParser:
    """Return the parser; what argparse cannot judge, `query` does."""
    made = argparse.ArgumentParser(
        prog="tonearm tail",
        description="Show the events and the services' logs, merged by time, and follow them.",
        epilog=f"TIME is {EXAMPLES}; local without a zone."
        " With files or `-` only these are read, and their end is the end."
        " Exit codes: 0 done, also by Ctrl-C; 2 wrong arguments; 4 nothing was found; 65 the log is damaged;"
        " 66 there is nothing to read; 69 the log is away.",
    )
    add = made.add_argument
    add(
        "paths",
        nargs="*",
        metavar="PATH",
        help="log files, globs, `-` for standard input (else the events and the local stack's logs)",
    )
    add("--job", metavar="ID", help="one job through every service, with what shares its events and traces")
    add("--account", metavar="ID", help="what concerns one account")
    several: dict[str, Any] = {"action": "append", "default": []}
    add("--type", **several, metavar="NAME", help="this type of event or of log line; globs: 'job.*'")
    add("--service", **several, metavar="NAME", help="lines of this service; events are `log`'s")
    add(
        "--level",
        metavar="LEVEL",
        help="at least: debug, info, warning, error, critical (`info+` is the same)",
    )
    add("--field", **several, metavar="KEY=VALUE|KEY~REGEX", help="what has this field; keys may be dotted")
    add("--grep", **several, metavar="REGEX", help="lines and bodies of events in which this is found")
    add("--since", metavar="TIME", help="from then on")
    add("--until", metavar="TIME", help="before then, and end once that is past")
    add("-n", "--last", metavar="N", help=f"begin with the last N that match, or `all` ({_DEFAULTS})")
    add(
        "-f",
        "--follow",
        action="store_true",
        default=None,
        help="go on with what comes (default: without PATH)",
    )
    add("--no-follow", dest="follow", action="store_false", help="end after what there is now")
    add("--only", choices=["events", "logs"], help="one of the two")
    add("--format", choices=["pretty", "json", "logfmt"], default="pretty")
    add("-v", "--verbose", action="store_true", help="what ffmpeg was called with, too; json always has it")
    add("--color", choices=["auto", "always", "never"], default="auto", help="auto: terminal and no NO_COLOR")
    return made


def query(arguments: argparse.Namespace, now: datetime) -> Query:
    """Return what the arguments ask for. Raises ValueError or re.error when one does not mean anything."""
    since = point_in_time(arguments.since, now) if arguments.since else None
    until = point_in_time(arguments.until, now) if arguments.until else None
    follow = arguments.follow if arguments.follow is not None else not arguments.paths
    follow = follow and (until is None or until > now)
    if arguments.paths and arguments.only == "events":
        raise ValueError("--only events reads the log of events, and no files")
    job = filters.OfJob(arguments.job) if arguments.job else None
    chosen = [filters.field(condition) for condition in arguments.field]
    chosen += [filters.matching(pattern) for pattern in arguments.grep]
    if arguments.level:
        level = level_of(arguments.level.removesuffix("+"))
        if level is None:
            raise ValueError(f"{arguments.level!r} is no level: debug, info, warning, error, critical")
        chosen.append(filters.at_least(level))
    if arguments.type:
        chosen.append(filters.named(arguments.type))
    if arguments.service:
        chosen.append(filters.from_services(arguments.service))
    if since or until:
        chosen.append(filters.between(since, until))
    everything = bool(job or since or until or not follow)
    last = _last(arguments.last) if arguments.last else (None if everything else DEFAULT_LAST)
    read_from = since or (filters.made_at(arguments.job) if arguments.job else None)
    return Query(
        filters=tuple(chosen),
        job=job,
        account=filters.OfAccount(arguments.account) if arguments.account else None,
        since=read_from,
        until=until,
        last=last,
        follow=follow,
        as_it_comes=arguments.follow is not False and last is None,
    )


def _last(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        raise ValueError(f"--last takes a number or `all`, not {text!r}")
    return int(text)
