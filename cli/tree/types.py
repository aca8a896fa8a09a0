"""Arguments by what they mean: counts, times, `NAME=VALUE`. Each reports what is wrong with one."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from cli.errors import WrongArgument
from cli.times import point_in_time, timestamp
from cli.tree.numbers import at_most, count, last
from cli.tree.options import pair


class Read(click.ParamType[Any]):
    """An argument that a function reads, which raises ValueError or WrongArgument with a sentence."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what the text means. Raises click's usage error."""
        if not isinstance(value, str):  # a default
            return value
        try:
            return self._read(value)
        except (ValueError, WrongArgument) as error:
            self.fail(str(error), param, ctx)


def _time(text: str) -> datetime:
    return point_in_time(text, datetime.now(UTC))


COUNT = Read("N", count)
"""A number from 1 up."""
AT_MOST = Read("N", at_most)
"""A number from 0 up."""
LAST = Read("N", last)
"""How many of the last: a number from 0 up, or `all`."""
PAIR = Read("NAME=VALUE", pair)
"""A name and its value."""
TIME = Read("TIME", _time)
"""A point in time, in UTC: see `cli.times`."""
TIMESTAMP = Read("TIME", lambda text: timestamp(_time(text)))
"""The same as RFC 3339, as the API takes it."""
PLACE = Read("PLACE", lambda text: text if re.fullmatch(r"\d{1,18}", text) else timestamp(_time(text)))
"""An offset of the log, or a time as RFC 3339."""
