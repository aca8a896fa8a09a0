"""The options for how lines of the log are written, and the spellings that are older than `-o`."""

import functools
from collections.abc import Callable
from typing import Any

import click
from msgspec.structs import replace

from cli.log.formats import FIELDS
from cli.log.looks import Look, looking

TEMPLATES = f"A template may name {', '.join(FIELDS)}; {{data[run]}} looks into the data."
_TEMPLATE = "template"


def looking_at_log(
    *formats: str, at_terminal: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the options of `looking`, and give the function `look`. The first format is the usual one.

    `at_terminal` is the usual one there.
    """

    def declared(function: Callable[..., Any]) -> Callable[..., Any]:
        @looking(
            *formats,
            older=("jsonl", _TEMPLATE),
            at_terminal=at_terminal,
            example="{offset} {time:%H:%M} {type} {data[run]}",
        )
        @click.option("--template", hidden=True)
        @functools.wraps(function)
        def looked(*given: Any, look: Look, template: str | None, **options: Any) -> Any:
            if template is None and look.format == _TEMPLATE:
                raise click.UsageError("--format template needs --template TEMPLATE; -o TEMPLATE is enough")
            return function(*given, look=replace(look, format=template or look.format), **options)

        return looked

    return declared
