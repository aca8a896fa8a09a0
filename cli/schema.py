"""`tonearm schema`: the contract of the log, as one AsyncAPI document."""

import sys

from cli.tree.command import command
from events import asyncapi, schemas


@command(examples=["tonearm schema > events.json"])
def schema() -> None:
    """Print the contract of the log: the AsyncAPI document of all events."""
    sys.stdout.buffer.write(schemas.pretty(asyncapi.document()))
