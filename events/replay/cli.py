"""`tonearm replay <subcommand>`: arguments, the environment, exit codes. Nothing else reads either.

Exit codes: 0 done, equal; 1 different (`verify`, `diff`); 2 the arguments or the environment are wrong;
65 the log or a file is damaged; 69 a server is away; 70 it cannot be done as things stand; 130 Ctrl-C.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from types import ModuleType

import structlog

from events.errors import TonearmError
from events.replay import diff, exporting, importing, info, rebuild, requeue, show, state, verify
from events.replay.exits import Exit, causes, exit_for
from events.replay.remarks import say
from events.replay.servers import Servers
from events.settings import load

SUBCOMMANDS: dict[str, ModuleType] = {
    "show": show,
    "state": state,
    "verify": verify,
    "rebuild": rebuild,
    "diff": diff,
    "info": info,
    "requeue": requeue,
    "export": exporting,
    "import": importing,
}


def main(argv: list[str]) -> int:
    """Run `tonearm replay` and return its exit code."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    _remarks_for_logs()
    try:
        return asyncio.run(_run(arguments, load(Servers, os.environ)))
    except (asyncio.CancelledError, KeyboardInterrupt):
        say("interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever read us has had enough; do not try to flush once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except (TonearmError, OSError) as error:
        print(f"tonearm replay {arguments.subcommand}: {causes(error)}", file=sys.stderr)
        return exit_for(error) if isinstance(error, TonearmError) else Exit.REFUSED


async def _run(arguments: argparse.Namespace, servers: Servers) -> int:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError, RuntimeError):  # elsewhere than in a main thread
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return int(await SUBCOMMANDS[arguments.subcommand].run(arguments, servers))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tonearm replay",
        description="Read the event log, travel in it, check the views against it and build them anew.",
        epilog=" ".join((__doc__ or "").partition("\n\n")[2].split())
        + " What writes does nothing but say what it would do, unless --yes is given.",
    )
    subcommands = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for name, module in SUBCOMMANDS.items():
        sub = subcommands.add_parser(name, help=module.SUMMARY, description=module.__doc__)
        module.add_arguments(sub)
    return parser


def _remarks_for_logs() -> None:
    """Let the warnings of the adapters appear as remarks: standard output is for results."""
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
