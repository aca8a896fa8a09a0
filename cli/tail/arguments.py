"""The arguments of `tonearm tail`, and the query they mean. Pure: the time now comes in as an argument."""

import argparse
from datetime import datetime
from typing import Any

from cli.tail import filters
from cli.tail.follow import Query
from cli.tail.parser import parse_level
from cli.times import point_in_time

DEFAULT_LAST = 10
_DEFAULTS = f"{DEFAULT_LAST}; all with --job, --since, --until, --no-follow"


def parser() -> argparse.ArgumentParser:
    """Return the parser; what argparse cannot judge, `query` does."""
    made = argparse.ArgumentParser(
        prog="tonearm tail",
        description="Show the events and the services' logs, merged by time, and follow them.",
        epilog="TIME is RFC 3339 with a zone (2025-01-31T12:00:00Z) or how long ago (10m, 2h, 1h30m, 1d). "
        "Ends with exit code 0 on Ctrl-C.",
    )
    add = made.add_argument
    add(
        "paths",
        nargs="*",
        metavar="PATH",
        help="log files, globs, `-` for standard input (else the local stack's)",
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
    add("--no-follow", dest="follow", action="store_false", help="end after what there is now")
    add("--only", choices=["events", "logs"], help="one of the two")
    add("--format", choices=["pretty", "json", "logfmt"], default="pretty")
    add("--color", choices=["auto", "always", "never"], default="auto", help="auto: terminal and no NO_COLOR")
    return made


def query(arguments: argparse.Namespace, now: datetime) -> Query:
    """Return what the arguments ask for. Raises ValueError or re.error when one does not mean anything."""
    since = point_in_time(arguments.since, now) if arguments.since else None
    until = point_in_time(arguments.until, now) if arguments.until else None
    follow = arguments.follow and (until is None or until > now)
    job = filters.OfJob(arguments.job) if arguments.job else None
    chosen = [filters.field(condition) for condition in arguments.field]
    chosen += [filters.matching(pattern) for pattern in arguments.grep]
    if arguments.level:
        level = parse_level(arguments.level.removesuffix("+"))
        if level is None:
            raise ValueError(f"{arguments.level!r} is no level: debug, info, warning, error, critical")
        chosen.append(filters.at_least(level))
    if arguments.type:
        chosen.append(filters.named(arguments.type))
    if arguments.service:
        chosen.append(filters.from_services(arguments.service))
    if arguments.account:
        chosen.append(filters.of_account(arguments.account))
    if since or until:
        chosen.append(filters.between(since, until))
    everything = bool(job or since or until or not follow)
    last = _last(arguments.last) if arguments.last else (None if everything else DEFAULT_LAST)
    read_from = since or (filters.made_at(arguments.job) if arguments.job else None)
    return Query(filters=tuple(chosen), job=job, since=read_from, until=until, last=last, follow=follow)


def _last(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        raise ValueError(f"--last takes a number or `all`, not {text!r}")
    return int(text)
