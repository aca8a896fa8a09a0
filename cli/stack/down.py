"""`tonearm down`: stop the stack on this machine; the data stays."""

import argparse
import os
import sys

from cli.exits import Exit
from infra.local import given, stack


def main(argv: list[str]) -> int:
    """Run `tonearm down`. Raises LocalError, InvalidSetting."""
    argparse.ArgumentParser(prog="tonearm down", description="Stop the local stack.").parse_args(argv)
    directory = given.settings(os.environ).directory
    text = f"stopped; the data stays in {directory}" if stack.down(directory) else "nothing runs"
    print(text, file=sys.stderr, flush=True)
    return Exit.OK
