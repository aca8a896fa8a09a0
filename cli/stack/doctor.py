"""`tonearm doctor`: name what this machine lacks for the stack, each with the line that mends it."""

import os

import msgspec

from cli.exits import Exit
from cli.pretty import visible
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from infra.local import given
from infra.local.doctor import Finding, examine


@command(
    examples=["tonearm doctor", "tonearm doctor --json"],
    exits={Exit.UNAVAILABLE: "something is missing"},
    output=Finding,
)
@printing
def doctor(out: Printer) -> Exit:
    """Say what this machine lacks for the stack, and the line that mends each."""
    healthy = True
    for finding in examine(given.settings(os.environ)):
        healthy &= finding.ok
        _print(finding, out)
    return Exit.OK if healthy else Exit.UNAVAILABLE


def _print(finding: Finding, out: Printer) -> None:
    lines = [f"{'ok' if finding.ok else 'MISSING':<8} {finding.what:<12} {finding.found}"]
    if not finding.ok:
        lines.append(f"{'':<8} {'':<12} → {finding.mend}")
    out.one(msgspec.json.encode(finding), lambda: print(*map(visible, lines), sep="\n"))
