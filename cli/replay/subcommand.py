"""A subcommand of `tonearm replay`: it gets the servers, runs in an event loop, and ends by replay's codes.

Of those 1 means a difference, so what cannot be done, and what nobody has foreseen, end with 70.
"""

import asyncio
import functools
import os
import sys
import traceback
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import click

from cli.errors import NoViews, causes
from cli.exits import Codes, Exit, exit_for
from cli.streams.pipes import unbreakable
from cli.streams.remarks import say
from cli.streams.signals import cancel_on_signals
from cli.system.servers import Servers
from cli.tree.command import Told, command
from cli.tree.ending import complain
from events.errors import TonearmError
from service.logs import configure_tool
from service.settings import load

Function = Callable[..., Coroutine[Any, Any, Exit | None]]
EXITS: Mapping[Exit, str] = {
    Exit.DATAERR: "the log is damaged",
    Exit.UNAVAILABLE: "a server is away",
    Exit.REFUSED: "it cannot be done as things stand, or nobody has foreseen what came up",
    Exit.INTERRUPTED: "Ctrl-C",
}
"""What may happen to whoever asks the servers."""
_CODES: Codes = {NoViews: Exit.NOINPUT}


def subcommand(
    *,
    examples: Sequence[str],
    exits: Mapping[Exit, str] | None = None,
    output: Any = None,
    writes: bool = False,
    **about: Any,
) -> Callable[[Function], Told]:
    """Make a command of a coroutine function, which gets the `Servers` of the environment first.

    `writes`: it changes something, and so ends its work although nobody reads what it prints.
    """

    def declare(function: Function) -> Told:
        @functools.wraps(function)
        def run(**given: Any) -> Exit:
            if writes:
                sys.stdout, sys.stderr = unbreakable(sys.stdout), unbreakable(sys.stderr)
            return _run(function, given)

        return command(examples=examples, exits={**EXITS, **(exits or {})}, output=output, **about)(run)

    return declare


def _run(function: Function, given: Mapping[str, Any]) -> Exit:
    configure_tool()
    try:
        return asyncio.run(_in_loop(function(load(Servers, os.environ), **given))) or Exit.OK
    except (asyncio.CancelledError, KeyboardInterrupt):
        say("interrupted")
        return Exit.INTERRUPTED
    except (click.ClickException, OSError):  # of files: those of connections are translated
        raise
    except TonearmError as error:
        complain(causes(error))
        return exit_for(error, _CODES, otherwise=Exit.REFUSED)
    except Exception as error:  # Python's own code for it is 1
        complain(causes(error))
        return _unexpected(error, os.environ)


async def _in_loop(work: Coroutine[Any, Any, Exit | None]) -> Exit | None:
    cancel_on_signals()
    return await work


def _unexpected(error: Exception, environ: Mapping[str, str]) -> Exit:
    if environ.get("LOG_LEVEL", "").lower() == "debug":
        traceback.print_exception(error)
    else:
        say(f"this was not foreseen ({type(error).__name__}); LOG_LEVEL=debug shows where it comes from")
    return Exit.UNEXPECTED
