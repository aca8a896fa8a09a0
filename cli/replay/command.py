"""`tonearm replay <subcommand>`: arguments, the environment, exit codes. Nothing else reads either.

Exit codes: 0 done, equal; 1 different (`verify`, `usage`, `diff`, `effects`, `reconvert`, `rebuild
--no-switch`); 2 the arguments or the environment are wrong; 4 nothing was found; 65 the log or a file is
damaged; 66 there are no views to verify, or no conversion to make again; 69 a server is away; 70 it cannot be
done as things stand, or something unexpected came up; 130 Ctrl-C.
"""

import argparse
import asyncio
import importlib
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Any, NamedTuple

from cli.errors import NoViews, causes
from cli.exits import Codes, Exit, exit_for
from cli.pipes import drop_output, unbreakable
from cli.remarks import say
from cli.servers import Servers
from cli.signals import cancel_on_signals
from events.errors import TonearmError
from service.logs import configure_tool
from service.settings import load


class Subcommand(NamedTuple):
    """A subcommand: its module in `cli.replay`, loaded only when it is called, and a line of help."""

    module: str
    summary: str
    writes: bool = False


SUBCOMMANDS = {
    "show": Subcommand("show", "print a part of the log"),
    "state": Subcommand("state", "show a job as it was at some place of the log"),
    "verify": Subcommand("verify", "check the stored views against the log"),
    "usage": Subcommand("usage", "add up each account's usage from the log, compare it with the stored one"),
    "rebuild": Subcommand("rebuild", "build the job views anew beside the live ones, compare, switch", True),
    "diff": Subcommand("diff", "compare a job with the log, or two versions of the views, field by field"),
    "effects": Subcommand("effects", "count what was asked for and what was really produced: files, mails"),
    "info": Subcommand("info", "say how it is: what flows, what waits, what failed, how full the disks are"),
    "requeue": Subcommand("requeue", "give failed jobs another run", True),
    "reconcile": Subcommand("reconcile", "tell a log that lost its end what the views still know", True),
    "export": Subcommand("export_log", "write the log into a file of JSON lines, with a manifest", True),
    "import": Subcommand("import_log", "fill an empty log from an exported file", True),
    "reconvert": Subcommand("reconvert", "convert again as the log tells, and compare the hashes"),
}
CODES: Codes = {NoViews: Exit.NOINPUT}


def main(argv: list[str]) -> int:
    """Run `tonearm replay` and return its exit code."""
    try:
        arguments = _parser(argv).parse_args(argv)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    writes = SUBCOMMANDS[arguments.subcommand].writes
    if writes:
        sys.stdout, sys.stderr = unbreakable(sys.stdout), unbreakable(sys.stderr)
    configure_tool()
    try:
        return asyncio.run(_run(arguments, load(Servers, os.environ)))
    except (asyncio.CancelledError, KeyboardInterrupt):
        say("interrupted")
        return Exit.INTERRUPTED
    except Exception as error:
        if isinstance(error, BrokenPipeError) and not writes:
            drop_output()
            return Exit.OK
        print(f"tonearm replay {arguments.subcommand}: {causes(error)}", file=sys.stderr)
        if isinstance(error, TonearmError):
            return exit_for(error, CODES, otherwise=Exit.REFUSED)
        if isinstance(error, OSError):
            return Exit.REFUSED
        return _unexpected(error, os.environ)


def _unexpected(error: Exception, environ: Mapping[str, str]) -> Exit:
    """Print the error and return 70. Python's own code for it is 1, which here means a difference."""
    if environ.get("LOG_LEVEL", "").lower() == "debug":
        traceback.print_exception(error)
    else:
        say(f"this was not foreseen ({type(error).__name__}); LOG_LEVEL=debug shows where it comes from")
    return Exit.UNEXPECTED


async def _run(arguments: argparse.Namespace, servers: Servers) -> int:
    cancel_on_signals()
    return int(await _module(arguments.subcommand).run(arguments, servers))


def _module(name: str) -> Any:
    return importlib.import_module(f"cli.replay.{SUBCOMMANDS[name].module}")


def _parser(argv: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tonearm replay",
        description="Read the event log, travel in it, check the views against it and build them anew.",
        epilog=" ".join((__doc__ or "").partition("\n\n")[2].split())
        + " What writes does nothing but say what it would do, unless --yes is given.",
    )
    subcommands = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for name, subcommand in SUBCOMMANDS.items():
        asked = name in argv
        sub = subcommands.add_parser(
            name, help=subcommand.summary, description=_module(name).__doc__ if asked else None
        )
        if asked:
            _module(name).add_arguments(sub)
    return parser
