"""The work of the stack on this machine, for `tonearm status`: jobs by state, and what waits."""

import asyncio
from collections.abc import Mapping

from cli.overview import line_of_jobs, lines_of_queues
from cli.replay.views.versions import live
from cli.servers import Servers
from events.errors import TonearmError
from events.log import amqp
from events.log.depths import queues
from events.work import DELAYS
from service.settings import load

_PATIENCE = 3.0
"""Seconds that the servers may take to answer. One that is away is told of among the stack's parts."""


async def told(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return titles and lines."""
    servers = load(Servers, environment)
    try:
        async with asyncio.timeout(_PATIENCE):
            async with servers.database() as database:
                counts = await (await live(database)).jobs_by_state()
            async with amqp.connected(servers.need("rabbitmq_url"), name="status") as connection:
                found = await queues(connection, DELAYS)
    except (TonearmError, TimeoutError):
        return [("jobs", "cannot be told: a server does not answer")]
    of_note = [each for each in found if each.ready != 0]
    waiting = [" ".join(line.split()) for line in lines_of_queues(of_note)] or ["nothing"]
    return [("jobs", line_of_jobs(counts)), ("waiting", waiting[0]), *(("", line) for line in waiting[1:])]
