"""The options by which records are written: the format, colours, what stands out."""

import functools
import os
import re
import shutil
import sys
from collections.abc import Callable
from typing import Any

import click
from msgspec import Struct

from cli.log.screen import Screen

FORMAT = ("-o", "--output", "--format")


class Look(Struct, frozen=True, kw_only=True):
    """The look of records: a format's name or a template, where it is shown, and whether with everything."""

    format: str
    screen: Screen
    whole: bool = False


class Pattern(click.ParamType[re.Pattern[str]]):
    """A regular expression of Python's."""

    name = "REGEX"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> re.Pattern[str]:
        """Compile it. Raises click's usage error."""
        try:
            return re.compile(value)
        except re.error as error:
            self.fail(f"{value!r}: {error}", param, ctx)


REGEX = Pattern()


def looking(
    *formats: str,
    older: tuple[str, ...] = (),
    at_terminal: str = "",
    example: str = "{timestamp:%H:%M} {event}",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the options, and give the function `look`. The first of these formats is the usual one.

    `older` names are taken, and not shown. `at_terminal` is the usual format there, unless all fields are
    wanted. `example` is a template.
    """
    usual = f"usually {at_terminal} at a terminal, else {formats[0]}" if at_terminal else ""

    def declared(function: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            *FORMAT,
            "format_",
            metavar="FORMAT",
            default=None if at_terminal else formats[0],
            shell_complete=lambda _, __, begin: [each for each in formats if each.startswith(begin)],
            help=f"{', '.join(formats)}, or a template: {example!r}{usual and f'; {usual}'}",
        )
        @click.option("--json", "as_json", is_flag=True, help="the same as `-o json`")
        @click.option(
            "-H", "--highlight", type=REGEX, multiple=True, metavar="REGEX", help="this stands out, in colour"
        )
        @click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            help="auto: at a terminal, unless NO_COLOR is set",
        )
        @click.option("--no-color", is_flag=True, help="the same as `--color never`")
        @click.option("-v", "--verbose", is_flag=True, help="all fields, and long ones whole")
        @functools.wraps(function)
        def looked(
            *args: Any,
            format_: str | None,
            as_json: bool,
            highlight: tuple[re.Pattern[str], ...],
            color: str,
            no_color: bool,
            verbose: bool,
            **given: Any,
        ) -> Any:
            if format_ is None:
                format_ = at_terminal if sys.stdout.isatty() and not verbose else formats[0]
            if format_ not in (*formats, *older) and "{" not in format_:
                raise click.UsageError(f"{format_!r} is no format: {', '.join(formats)}, or a template")
            screen = screen_of(color="never" if no_color else color, highlight=highlight)
            look = Look(format="json" if as_json else format_, screen=screen, whole=verbose)
            return function(*args, look=look, **given)

        return looked

    return declared


def screen_of(*, color: str = "auto", highlight: tuple[re.Pattern[str], ...] = ()) -> Screen:
    """Return what standard output can show. `color` is `auto`, `always` or `never`."""
    terminal = sys.stdout.isatty()
    return Screen(
        colour=color == "always" or (color == "auto" and terminal and not os.environ.get("NO_COLOR")),
        columns=(lambda: shutil.get_terminal_size().columns) if terminal else None,
        highlight=highlight,
    )
