"""`tonearm doctor`: name what this machine lacks for the stack, each with the line that mends it."""

import argparse
import os

from cli.exits import Exit
from infra.local import given
from infra.local.doctor import examine


def main(argv: list[str]) -> int:
    """Run `tonearm doctor`. Returns 69 when anything is missing."""
    argparse.ArgumentParser(prog="tonearm doctor", description="Say what is missing.").parse_args(argv)
    healthy = True
    for finding in examine(given.settings(os.environ)):
        healthy &= finding.ok
        print(f"{'ok' if finding.ok else 'MISSING':<8} {finding.what:<12} {finding.found}")
        if not finding.ok:
            print(f"{'':<8} {'':<12} → {finding.mend}")
    return Exit.OK if healthy else Exit.UNAVAILABLE
