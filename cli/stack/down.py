"""`tonearm down`: stop the stack on this machine; the data stays."""

import os
import sys

from cli.exits import Exit
from cli.tree.command import command
from infra.local import given, stack


@command(examples=["tonearm down"], exits={Exit.UNAVAILABLE: "it does not stop"})
def down() -> None:
    """Stop the stack on this machine. The data stays."""
    directory = given.settings(os.environ).directory
    text = f"stopped; the data stays in {directory}" if stack.down(directory) else "nothing runs"
    print(text, file=sys.stderr, flush=True)
