"""The operator's settings, the argument WHO and the exit codes, which the commands on accounts share."""

import asyncio
import functools
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import click

from cli.account.settings import OperatorSettings
from cli.exits import Exit
from service.logs import configure_tool
from service.settings import load

EXITS: Mapping[Exit, str] = {
    Exit.NOTHING: "there is no such account",
    Exit.UNAVAILABLE: "a server is away",
}

who = click.argument("who", metavar="WHO", help="its id, or the beginning of it, or its e-mail address")


def operating(function: Callable[..., Coroutine[Any, Any, Exit | None]]) -> Callable[..., Exit | None]:
    """Run the function in an event loop, with the operator's settings first. Raises InvalidSetting."""

    @functools.wraps(function)
    def run(*args: Any, **given: Any) -> Exit | None:
        configure_tool()
        return asyncio.run(function(load(OperatorSettings, os.environ), *args, **given))

    return run
