"""`tonearm status`: show how the stack on this machine is: its parts, its work, its disk, its first admin."""

import asyncio
import os
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from cli.exits import Exit
from cli.system.disk import line_of_disk
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from infra.local import given, state
from infra.local.state import ComponentState, State

_SHOWN = {
    "gateway": "PUBLIC_URL",
    "first admin": "ADMIN_EMAIL",
    "password": "ADMIN_PASSWORD",
    "data": "LOCAL_DIR",
}
"""The variables to show, each with its title."""

_WORKERS = ("gateway", "converter", "notifier")
"""The parts that send heartbeats."""


class Standing(Struct, frozen=True):
    """The stack on this machine: where it is reached, where its data lies, and its parts.

    `pid` is the process that runs the parts.
    """

    ready: bool
    url: str
    folder: str
    pid: int
    started: datetime
    parts: list[ComponentState]


@command(
    examples=["tonearm status", "tonearm status --format '{url}'", 'eval "$(tonearm status --env)"'],
    exits={Exit.UNAVAILABLE: "the stack does not run, or is not ready"},
    output=Standing,
)
@click.option("--env", is_flag=True, help="print the variables to reach it by, for a shell's eval")
@printing
def status(env: bool, out: Printer) -> Exit:
    """Show how the stack on this machine is: its parts, its work, its disk, its first admin."""
    directory = given.settings(os.environ).directory
    known = state.running(directory)
    if known is None:
        pid = state.holder(directory)
        text = (
            f"the stack is just being started or ended by process {pid}"
            if pid
            else "the stack does not run; start it with `./justw up`"
        )
        print(text, file=sys.stderr, flush=True)
        return Exit.UNAVAILABLE
    if env:
        print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in known.environment.items()))
        return Exit.OK
    out.one(msgspec.json.encode(_standing(known, directory)), lambda: _tell(known, directory))
    return Exit.OK if known.ready else Exit.UNAVAILABLE


def _standing(known: State, directory: Path) -> Standing:
    url = known.environment.get("PUBLIC_URL", "")
    started = datetime.fromtimestamp(known.started, UTC)
    return Standing(known.ready, url, str(directory), known.pid, started, known.components)


def _tell(known: State, directory: Path) -> None:
    for part in known.components:
        restarts = f"  restarts: {part.restarts}" if part.restarts else ""
        print(f"{part.name:<12} {part.phase:<10} pid {part.pid or '-'}{restarts}")
    print(f"\nup for {time.time() - known.started:.0f} s, process {known.pid}")
    from cli.stack import work  # with its drivers: `--env` does without

    workers = sum(part.name.startswith(_WORKERS) for part in known.components)
    told = asyncio.run(work.told(known.environment, workers))
    for title, line in (*told, ("disk", line_of_disk(directory))):
        print(f"{title:<12} {line}")
    print()
    for title, name in _SHOWN.items():
        if name in known.environment:
            print(f"{title:<12} {known.environment[name]}")
