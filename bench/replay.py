"""`replay`: events a second that `replay rebuild` and `verify` get through, over a bare rstream reader.

Rebuild is held against a bare writer too: what the database takes is the limit of it on one machine.

As a user runs them: whole processes, their start included. Only the servers run beside them, as a gateway
would project the same log at the same time.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import islice

from rstream import amqp_decoder

from bench import bare_log, bare_views, loggen
from bench.measure import BenchFailed, Options, Say
from bench.stack import private_directory, private_environment
from bench.table import Row, Trial, rows_of
from events.log import topology
from infra.local.servers.mongodb import MongoDB
from infra.local.servers.rabbitmq import RabbitMQ
from infra.local.services import ROOT

SUBCOMMANDS = {"rebuild": ("--yes", "--no-compare"), "verify": ()}
WRITER = "bare pymongo insert_many"
READERS = {"bare rstream, raw": None, "bare rstream, amqp_decoder": amqp_decoder}


async def measure(options: Options, say: Say) -> list[Row]:
    """Write one log, then take turns: each bare reader, rebuild, verify."""
    count = options.events
    found: list[Row] = []
    async with servers() as environment:
        say(f"replay: writing a log of {count:,} events")
        await topology.declare(environment["RABBITMQ_URL"])
        written = await loggen.write(environment["STREAM_URL"], islice(loggen.events(), count))
        for turn in range(options.repetitions):
            say(f"replay {turn + 1} of {options.repetitions}: {written:,} events, five times")
            bare = {
                name: written
                / await bare_log.read(environment["STREAM_URL"], topology.STREAM, written, decoder)
                for name, decoder in READERS.items()
            }
            rates = {
                name: written / await replayed(environment, name, *arguments)
                for name, arguments in SUBCOMMANDS.items()
            }
            for name, rate in rates.items():
                found += [_row(name, against, Trial(rate, bare[against])) for against in READERS]
            writer = written / await asyncio.to_thread(bare_views.insert, environment["MONGODB_URL"])
            found.append(_row("rebuild", WRITER, Trial(rates["rebuild"], writer)))
    return rows_of(found)


@asynccontextmanager
async def servers() -> AsyncIterator[dict[str, str]]:
    """Start a broker and a database for the block, and give the variables by which they are found."""
    async with private_directory() as directory:
        broker, database = RabbitMQ(directory / "rabbitmq"), MongoDB(directory / "mongodb")
        try:
            await asyncio.gather(broker.start(), database.start())
            yield {
                **private_environment(directory),
                "RABBITMQ_URL": broker.amqp_url,
                "STREAM_URL": broker.stream_url,
                "MONGODB_URL": database.url,
            }
        finally:
            await asyncio.gather(broker.stop(), database.stop())


async def replayed(environment: Mapping[str, str], *arguments: str) -> float:
    """Run `tonearm replay` and return the seconds. Raises BenchFailed unless it ends well."""
    begin = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "replay", *arguments),
        cwd=ROOT,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
        seconds = time.perf_counter() - begin
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        text = said.decode(errors="replace").strip()
        raise BenchFailed(f"replay {arguments[0]} ended with code {process.returncode}: {text}")
    return seconds


def _row(subcommand: str, against: str, trial: Trial) -> Row:
    return Row(
        measure=f"replay {subcommand}", unit="events/s", better="more", against=against, trials=(trial,)
    )
