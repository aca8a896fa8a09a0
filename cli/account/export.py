"""`export`: what is known of an account, as JSON lines: as the directory keeps it, then its events."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from auth.accounts.profiles import Profile
from cli.account.operator import EXITS, operating, who
from cli.account.settings import OperatorSettings
from cli.account.show import whole
from cli.log.formats import as_json
from cli.log.keys import keys_at_hand
from cli.log.log import Log
from cli.log.places import ending
from cli.streams.remarks import say
from cli.tree.command import command
from events.log.stream import First


@command(examples=["tonearm account export ada@example.org -o ada.jsonl"], exits=EXITS)
@who
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="a new file, for its owner only"
)
@operating
async def export(settings: OperatorSettings, who: str, output: Path | None) -> None:
    """Write one account as JSON lines: first as the directory keeps it, then its events."""
    url = settings.need("stream_url")
    async with settings.directory() as directory:
        known = await whole(directory, who)
    async with keys_at_hand(settings.mongodb_url, say) as keys:
        count = await _export(Log(url, say, keys), known, output)
    say(f"exported: the account and {count:,} events")


async def _export(log: Log, known: Profile, path: Path | None) -> int:
    count = 0
    with _opened(path) as output:
        output.write(msgspec.json.encode(known) + b"\n")
        async with contextlib.aclosing(log.between(First(), ending("end"))) as batches:
            async for batch in batches:
                for line in batch:
                    if line.event and line.event.account == known.account_id:
                        output.write(as_json(line) + b"\n")
                        count += 1
        output.flush()
    return count


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
