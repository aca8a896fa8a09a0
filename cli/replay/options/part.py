"""The part of the log that a command is about: from where to where, and which events of it."""

import asyncio
import contextlib
import functools
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import click
from msgspec import Struct
from msgspec.structs import replace

from cli.log.choice import Choice
from cli.log.ids import account_meant, jobs_meant
from cli.log.log import Line, Log
from cli.log.places import Beginning, End, Ending, beginning, ending
from cli.replay.options.named import named_jobs
from cli.tree.types import AT_MOST, COUNT, TIME, Read
from events.log.stream import First, FromOffset, FromTime
from events.registry import REGISTRY

_LATE = 1.0
"""Seconds for which an event of before the end may still be on its way."""


class Part(Struct, frozen=True, kw_only=True):
    """What was asked for. Ids are as they were typed.

    `last` is how many lines are wanted of what there is, from its end; `limit` after how many it ends.
    """

    begin: Beginning
    end: Ending
    follow: bool = False
    last: int | None = None
    limit: int | None = None
    types: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    account: str = ""

    async def lines(self, log: Log) -> AsyncGenerator[list[Line], None]:
        """Yield the lines; use `contextlib.aclosing`. Raises WrongArgument, NothingFound, LogDamaged."""
        choice = Choice(
            types=self.types,
            jobs=await jobs_meant(log, self.jobs) if self.jobs else (),
            account=await account_meant(log, self.account) if self.account else "",
        )
        left = self.limit
        found = self._lines(log, choice) if self.last is None else self._last(log, choice, self.last)
        async with contextlib.aclosing(found) as batches:
            async for lines in batches:
                yield lines[:left]
                if left is not None and (left := left - len(lines)) <= 0:
                    return

    async def _lines(self, log: Log, choice: Choice) -> AsyncGenerator[list[Line], None]:
        begin = choice.beginning if isinstance(self.begin, First) else self.begin
        between = log.between(begin, self.end, follow=self.follow, marks=choice.marks)
        async with contextlib.aclosing(between) as batches:
            async for batch in batches:
                yield [line for line in batch if choice.has(line)]

    async def _last(self, log: Log, choice: Choice, count: int) -> AsyncGenerator[list[Line], None]:
        """Yield the last so many that are wanted, then what comes if it is to be followed."""
        kept: deque[Line] = deque(maxlen=count)
        ends, span = await log.ends(), 2 * count
        while ends is not None:
            start = max(ends.first, ends.last - span)
            before = replace(self, begin=FromOffset(start), follow=False)
            kept.clear()
            async with contextlib.aclosing(before._lines(log, choice)) as batches:
                async for lines in batches:
                    kept.extend(line for line in lines if line.offset <= ends.last)
            if len(kept) == count or start == ends.first:
                break
            span *= 8
        yield [*kept]
        if self.follow:
            after = replace(self, begin=FromOffset(ends.last + 1) if ends else First())
            async with contextlib.aclosing(after._lines(log, choice)) as batches:
                async for lines in batches:
                    yield lines

    @contextlib.asynccontextmanager
    async def while_it_lasts(self) -> AsyncIterator[None]:
        """End the block where it is when what is followed up to a time is over."""
        seconds: float | None = None
        if self.follow and isinstance(self.end, FromTime):
            seconds = max(0.0, (self.end.time - datetime.now(UTC)).total_seconds()) + _LATE
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                yield


EVERYTHING = Part(begin=First(), end=End())
"""The part where nothing was chosen."""
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
        begin = _one_of(options, "from", begin=None, since=FromTime, last=lambda _: First()) or First()
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
