"""`tonearm schema`: the contract of the log, as one AsyncAPI document."""

import argparse
import sys

from cli.exits import Exit
from events import asyncapi, schemas


def main(argv: list[str]) -> int:
    """Print the document."""
    argparse.ArgumentParser(prog="tonearm schema", description="Print the AsyncAPI document.").parse_args(
        argv
    )
    sys.stdout.buffer.write(schemas.pretty(asyncapi.document()))
    return Exit.OK
