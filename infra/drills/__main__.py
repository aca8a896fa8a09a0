"""`./justw drill NAME`: does what the runbook describes to a stack of its own, and prints what came of it.

Nothing outside a temporary folder is touched, and `.local/` is never. Exit codes: 0 every promise was kept;
1 one was not; 2 there is no such drill; 70 the drill itself broke off; 77 it cannot be run here.
"""

import argparse
import asyncio
import importlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from events.errors import TonearmError
from infra.drills.rig.drill import Drill, Skipped
from service.logs import configure_tool

DRILLS = {
    "upgrade": "a rolling restart of every service under load, twenty times",
    "backup": "a backup of a stack at work, restored into an empty one",
    "lost-tail": "the log has lost its newest events; `replay reconcile` tells them again",
    "disk-full": "a full disk of the broker's, the database's, the converter's (root)",
    "rotate": "new signing keys, a new SERVICE_TOKEN, a new password of the broker's, under load",
    "stream-limit": "the log reaches its retention, which is changed at work",
    "scale": "converters are added, and taken away in the middle of work",
    "three-nodes": "the log moves to three nodes, and one of them is killed under load",
    "poison": "a video that kills every converter that takes it",
}
BROKEN, USAGE, BROKE_OFF, SKIPPED = 1, 2, 70, 77


def main(argv: list[str] | None = None) -> int:
    """Run one drill, or list them. Returns the exit code."""
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--list"]
    if name in ("--list", "-l", "-h", "--help"):
        print("\n".join(f"  {each:<12} {summary}" for each, summary in DRILLS.items()))
        return 0
    if name not in DRILLS:
        print(f"drill: there is no drill {name!r}; `./justw drill` lists them", file=sys.stderr)
        return USAGE
    module = importlib.import_module(f"infra.drills.{name.replace('-', '_')}")
    parser = argparse.ArgumentParser(prog=f"drill {name}", description=module.__doc__)
    if hasattr(module, "add_arguments"):
        module.add_arguments(parser)
    try:
        arguments = parser.parse_args(rest)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    configure_tool()
    _forget_other_stacks()
    with tempfile.TemporaryDirectory(prefix=f"tonearm-{name}-", ignore_cleanup_errors=True) as directory:
        return _run(name, module, arguments, Drill(Path(directory).resolve()))


def _run(name: str, module: Any, arguments: argparse.Namespace, drill: Drill) -> int:
    try:
        asyncio.run(module.run(drill, arguments))
    except Skipped as error:
        print(f"drill {name}: skipped: {error}")
        return SKIPPED
    except (TonearmError, AssertionError, ExceptionGroup) as error:
        print(f"drill {name}: broke off after {drill.seconds:.0f} s: {_first(error)}")
        return BROKE_OFF
    if drill.broken:
        print(f"drill {name}: {len(drill.broken)} promises BROKEN: " + "; ".join(drill.broken))
        return BROKEN
    print(f"drill {name}: all {drill.kept} promises were kept, in {drill.seconds:.0f} s")
    return 0


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _forget_other_stacks() -> None:
    """Drop every server's URL from the environment: a drill must never meet one that is in use."""
    for name in [each for each in os.environ if each.endswith("_URL")]:
        del os.environ[name]


if __name__ == "__main__":
    sys.exit(main())
