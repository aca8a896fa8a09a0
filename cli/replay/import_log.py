"""`import`: fill an empty log from an exported file, in its order, without any work being done again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from cli.errors import Refused
from cli.exits import Exit
from cli.log.file import bodies, verify
from cli.log.log import Log
from cli.replay.options.named import FILE
from cli.replay.subcommand import subcommand
from cli.streams.remarks import Meter, say
from cli.system.servers import Servers
from cli.tree.printer import Printer, printing
from events.errors import NotConfirmed, Unavailable
from events.log import amqp, topology
from events.log.stream import First
from events.views.projector import identity

AT_ONCE = 500
"""Events published before their confirms are awaited."""
TIMEOUT = 30.0
GUARD = "replay.import"
"""The exclusive queue of the one import at work."""


class Imported(Struct, frozen=True, kw_only=True):
    """The result of an import: the events of the file, and those that were published now, or would be."""

    count: int
    imported: int
    dry_run: bool


@subcommand(
    examples=["tonearm replay import log.jsonl.gz", "tonearm replay import log.jsonl.gz --yes"],
    exits={Exit.DATAERR: "the file or the log is damaged"},
    output=Imported,
    writes=True,
    name="import",
)
@click.argument("file", type=FILE)
@click.option("--resume", is_flag=True, help="go on with an import that broke off")
@click.option("--yes", is_flag=True, help="do it; without this, only check the file")
@printing
async def import_log(servers: Servers, file: Path, resume: bool, yes: bool, out: Printer) -> None:
    """Fill an empty log from FILE, as `export` wrote it, its manifest beside it; no work is done again.

    The events go to the stream alone, so no work queue sees them. Offsets are the new log's own. With
    --resume the log may hold how the file begins.
    """
    done = await import_file(servers, file, resume=resume, dry_run=not yes)
    out.beside(f"{file}: {done.count:,} events, as its manifest says")
    text = (
        f"dry run: nothing was published; --yes imports {done.imported:,} events"
        if done.dry_run
        else f"imported: {done.imported:,} events"
    )
    out.line(msgspec.json.encode(done), text)


async def import_file(
    servers: Servers, path: Path, *, resume: bool = False, dry_run: bool = False
) -> Imported:
    """Fill the log from a file, or only check the file. Raises FileDamaged, Refused, Unavailable."""
    manifest = verify(path)
    url = servers.need("rabbitmq_url")
    log = Log(servers.need("stream_url"), say)
    if dry_run:
        left = manifest.count - await _already(log, bodies(path), resume=resume)
        return Imported(count=manifest.count, imported=left, dry_run=True)
    await topology.declare(url)
    async with _alone(url) as connection:
        there = await _already(log, bodies(path), resume=resume)
        with Meter("import", manifest.count - there) as meter:
            await _publish(connection, islice(bodies(path), there, None), meter)
    return Imported(count=manifest.count, imported=manifest.count - there, dry_run=False)


async def append(servers: Servers, more: Sequence[bytes]) -> None:
    """Publish more events after an import, to the log alone. Raises Refused, Unavailable."""
    if more:
        async with _alone(servers.need("rabbitmq_url")) as connection:
            with Meter("erasures", len(more)) as meter:
                await _publish(connection, iter(more), meter)


@contextlib.asynccontextmanager
async def _alone(url: str) -> AsyncIterator[amqp.Connection]:
    """Give the connection that the events go by. No other import is at work while it stands. Raises Refused.

    An exclusive queue belongs to one connection and goes with it: who cannot publish any more guards nothing.
    """
    async with amqp.connected(url, name="replay import") as connection:
        channel = await connection.channel()
        try:
            await channel.call("queue_declare", queue=GUARD, exclusive=True)
        except Unavailable as error:
            if "RESOURCE_LOCKED" in str(error):
                raise Refused("another import is at work") from None
            raise
        yield connection


async def _already(log: Log, wanted: Iterator[bytes], *, resume: bool) -> int:
    """Return how many events the log holds, which must be how the file begins. Raises Refused."""
    ends = await log.ends()
    if ends is None:
        return 0
    if not resume:
        raise Refused(
            f"the log is not empty (it ends at offset {ends.last}); --resume goes on with this file's"
        )
    count = 0
    async with contextlib.aclosing(log.read(First(), ends.last)) as batches:
        async for batch in batches:
            for record in batch:
                if next(wanted, None) != record.body:
                    raise Refused(f"the log holds another event than the file at offset {record.offset}")
                count += 1
    return count


async def _publish(connection: amqp.Connection, source: Iterator[bytes], meter: Meter) -> None:
    """Publish in order, some hundreds before waiting. The first trouble ends it, or order would be lost."""
    try:
        channel = await connection.channel(confirms=True)
        done = 0
        while some := list(islice(source, AT_ONCE)):
            async with asyncio.timeout(TIMEOUT):
                await asyncio.gather(
                    *[channel.publish("", topology.STREAM, body, {}, identity(body)) for body in some]
                )
            done += len(some)
            meter.at(done, len(some))
    except (Unavailable, TimeoutError) as error:
        raise NotConfirmed(f"the import broke off after {meter.events:,} events; --resume goes on") from error
