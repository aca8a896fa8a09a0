"""`tonearm doctor`: name what this machine lacks for the stack, each with the line that mends it."""

import os

from cli.exits import Exit
from cli.tree.command import command
from infra.local import given
from infra.local.doctor import examine


@command(examples=["tonearm doctor"], exits={Exit.UNAVAILABLE: "something is missing"})
def doctor() -> Exit:
    """Say what this machine lacks for the stack, and the line that mends each."""
    healthy = True
    for finding in examine(given.settings(os.environ)):
        healthy &= finding.ok
        print(f"{'ok' if finding.ok else 'MISSING':<8} {finding.what:<12} {finding.found}")
        if not finding.ok:
            print(f"{'':<8} {'':<12} → {finding.mend}")
    return Exit.OK if healthy else Exit.UNAVAILABLE
