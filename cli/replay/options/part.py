"""The options by which a part of the log is chosen."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import click

from cli.log.part import Part
from cli.log.places import End, beginning, ending
from cli.replay.options.named import named_jobs
from cli.tree.types import AT_MOST, COUNT, TIME, Read
from events.log.stream import First, FromTime
from events.registry import REGISTRY

_GIVEN = ("jobs", "types", "account", "last", "limit", "follow")
_PLACES = ("begin", "since", "end", "until")
_BEGIN = Read("PLACE", beginning)
_END = Read("PLACE", ending)


def part_of_log(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare what chooses a part of the log, and give the function `part`."""

    @named_jobs
    @click.option("--account", default="", metavar="ID", help="of this account only")
    @click.option(
        "--type",
        "types",
        multiple=True,
        metavar="GLOB",
        shell_complete=lambda _, __, begun: [each for each in REGISTRY.current if each.startswith(begun)],
        help="of this type only, such as 'job.*'",
    )
    @click.option("--since", type=TIME, metavar="TIME", help="from then on")
    @click.option("--until", type=TIME, metavar="TIME", help="up to then")
    @click.option(
        "--from", "--offset", "begin", type=_BEGIN, metavar="PLACE", help="first (default), last, OFFSET, -N"
    )
    @click.option("--to", "end", type=_END, metavar="PLACE", help="end (default), or OFFSET, inclusive")
    @click.option("-n", "--last", type=COUNT, metavar="N", help="the last N of what is chosen")
    @click.option("-c", "--limit", "--count", type=AT_MOST, metavar="N", help="end after N lines")
    @click.option(
        "-f/-e", "--follow/--exit", default=False, help="go on with what comes, or end with the log (default)"
    )
    @functools.wraps(function)
    def chosen(*given: Any, **options: Any) -> Any:
        begin = _one_of(options, "from", begin=None, since=FromTime) or First()
        end = _one_of(options, "to", end=None, until=FromTime) or End()
        part = Part(begin=begin, end=end, **{name: options[name] for name in _GIVEN})
        others = {name: value for name, value in options.items() if name not in (*_GIVEN, *_PLACES)}
        return function(*given, part=part, **others)

    return chosen


def _one_of(options: Mapping[str, Any], name: str, **makers: Callable[[Any], Any] | None) -> Any:
    """Return the place that one of these options means, None for none. Raises click's usage error."""
    given = {each: value for each in makers if (value := options[each]) is not None}
    if len(given) > 1:
        names = " and ".join(f"--{name if each in ('begin', 'end') else each}" for each in given)
        raise click.UsageError(f"{names} exclude each other")
    for each, value in given.items():
        make = makers[each]
        return make(value) if make else value
    return None
