"""The work of the stack on this machine, for `tonearm status`: jobs by state, what waits, and who works."""

import asyncio
from collections.abc import Mapping, Sequence

from cli.replay.views.versions import live
from cli.system.overview import line_of_jobs, lines_of_queues
from cli.system.servers import Servers
from cli.system.workers import alive, lines_of_workers
from events.errors import TonearmError
from events.log import amqp
from events.log.depths import queues
from events.tasks import cancelled
from service.settings import load

_PATIENCE = 3.0
"""Seconds that the servers may take to answer. One that is away is told of among the stack's parts."""


async def told(environment: Mapping[str, str], workers: int) -> list[tuple[str, str]]:
    """Return titles and lines. So many workers are there to be heard."""
    servers = load(Servers, environment)
    hearing = asyncio.create_task(alive(servers.need("rabbitmq_url"), enough=workers))
    try:
        async with asyncio.timeout(_PATIENCE):
            async with servers.database() as database:
                counts = await (await live(database)).jobs_by_state()
            async with amqp.connected(servers.need("rabbitmq_url"), name="status") as connection:
                found = await queues(connection)
    except (TonearmError, TimeoutError):
        await cancelled([hearing])
        return [("jobs", "cannot be told: a server does not answer")]
    of_note = [each for each in found if each.ready != 0]
    waiting = [" ".join(line.split()) for line in lines_of_queues(of_note)] or ["nothing"]
    heard = list(lines_of_workers(await hearing)) or ["none was heard"]
    return [
        ("jobs", line_of_jobs(counts)),
        *_titled("waiting", waiting),
        *_titled("workers", heard),
    ]


def _titled(title: str, lines: Sequence[str]) -> list[tuple[str, str]]:
    return [(title, lines[0]), *(("", line) for line in lines[1:])]
