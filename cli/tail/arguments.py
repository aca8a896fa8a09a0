"""The options of `tonearm tail` that choose records, and the query they mean."""

import functools
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import click
from msgspec import Struct

from cli.ids import not_before
from cli.jobs.choice.argument import JOB
from cli.log.looks import REGEX
from cli.tail import filters, subjects
from cli.tail.follow import Query
from cli.tail.record import Level
from cli.tail.spellings import level_of
from cli.times import EXAMPLES
from cli.tree.types import COUNT, LAST, TIME, Read

_LAST = 10
_Patterns = tuple[re.Pattern[str], ...]


def _level(text: str) -> Level:
    level = level_of(text.removesuffix("+"))
    if level is None:
        raise ValueError(f"{text!r} is no level: debug, info, warning, error, critical")
    return level


def _field(text: str) -> filters.Filter:
    try:
        return filters.field(text)
    except re.error as error:
        raise ValueError(f"{text!r}: {error}") from None


_LEVEL, _FIELD = Read("LEVEL", _level), Read("KEY=VALUE", _field)


def _levels(context: click.Context, parameter: click.Parameter, begin: str) -> list[str]:
    return [level.name.lower() for level in Level if level.name.lower().startswith(begin)]


def _types(context: click.Context, parameter: click.Parameter, begin: str) -> list[str]:
    from events.registry import REGISTRY

    return [each for each in sorted(REGISTRY.current) if each.startswith(begin)]


class Wish(Struct, frozen=True, kw_only=True):
    """The options as given. Of each that may be repeated one must hold, of `field` and `grep` all."""

    job: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    type_: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    level: Level | None = None
    field: tuple[filters.Filter, ...] = ()
    grep: _Patterns = ()
    include: _Patterns = ()
    exclude: _Patterns = ()
    since: datetime | None = None
    until: datetime | None = None
    last: int | Literal["all"] | None = None
    count: int | None = None
    follow: bool | None = None

    @property
    def sought(self) -> _Patterns:
        """The patterns that are looked for, and so stand out where they are found."""
        return self.grep + self.include


_OPTIONS = (
    click.option(
        "--job",
        type=JOB,
        multiple=True,
        help="one job through every service, with what shares its events and traces; @-1 is the last",
    ),
    click.option("--account", multiple=True, metavar="ID", help="what concerns one account"),
    click.option(
        "--type",
        "type_",
        multiple=True,
        metavar="NAME",
        shell_complete=_types,
        help="events or log lines: 'job.*'",
    ),
    click.option("--service", multiple=True, metavar="NAME", help="of this service; events are `log`'s"),
    click.option(
        "--level", type=_LEVEL, shell_complete=_levels, help="at least: debug, info, warning, error, critical"
    ),
    click.option(
        "--field",
        type=_FIELD,
        multiple=True,
        help="with this field, and all others that are given; KEY~REGEX searches in it; keys may be dotted",
    ),
    click.option(
        "-i",
        "--include",
        type=REGEX,
        multiple=True,
        help="lines and events in which one of these is found; (?i)… in any case",
    ),
    click.option("-x", "--exclude", type=REGEX, multiple=True, help="none in which this is found"),
    click.option("--grep", type=REGEX, multiple=True, help="as --include, but all of these are to be found"),
    click.option("--since", type=TIME, help="from then on"),
    click.option("--until", type=TIME, help="before then, and end once that is past"),
    click.option(
        "-n",
        "--last",
        type=LAST,
        help="begin with the last N that match, or `all`; usually"
        f" {_LAST}, and all with --job, --since, --until, --no-follow",
    ),
    click.option("-c", "--count", type=COUNT, help="end after so many"),
    click.option(
        "-f",
        "--follow/--no-follow",
        default=None,
        help="go on with what comes, or end after what there is; without PATH it goes on",
    ),
)


def choosing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the options, and give the function `wish`."""

    @functools.wraps(function)
    def chosen(*args: Any, **given: Any) -> Any:
        wish = Wish(**{name: given.pop(name) for name in Wish.__struct_fields__})
        return function(*args, wish=wish, **given)

    declared: Callable[..., Any] = chosen
    for option in reversed(_OPTIONS):
        declared = option(declared)
    return declared


TIMES = f"TIME is {EXAMPLES}; local without a zone."


def follows(wish: Wish, usually: bool, now: datetime) -> bool:
    """Return True if what comes is wanted, too; `usually` if no option decides it."""
    follow = usually if wish.follow is None else wish.follow
    return follow and (wish.until is None or wish.until > now)


def query(wish: Wish, *, follow: bool) -> Query:
    """Return what is asked for."""
    chosen = [*wish.field, *(filters.matching(pattern) for pattern in wish.grep)]
    if wish.include:
        chosen.append(filters.including(wish.include))
    if wish.exclude:
        chosen.append(filters.excluding(wish.exclude))
    if wish.level is not None:
        chosen.append(filters.at_least(wish.level))
    if wish.type_:
        chosen.append(filters.named(wish.type_))
    if wish.service:
        chosen.append(filters.from_services(wish.service))
    if wish.since or wish.until:
        chosen.append(filters.between(wish.since, wish.until))
    everything = bool(wish.job or wish.since or wish.until or not follow)
    last = wish.last if wish.last is not None else ("all" if everything else _LAST)
    made = [not_before(job) for job in wish.job]
    return Query(
        filters=tuple(chosen),
        subjects=subjects.subjects(wish.job, wish.account),
        since=wish.since or (min(time for time in made if time) if all(made) and made else None),
        until=wish.until,
        last=None if last == "all" else last,
        count=wish.count,
        follow=follow,
        as_it_comes=wish.follow is not False and last == "all",
    )
