"""`traces`: the processor time that a publish costs without a tracer, and with one.

Only the time of the event loop's thread counts, without its waits. So a busy machine matters little, and the
library's own thread, which packs spans and sends them, is left out.
"""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median

from bench.measure import Options, Say
from bench.stack import private_directory
from bench.table import Row, Trial, rows_of
from events import tracing
from events.envelope import Event, encode, job_event
from events.ids import new_id
from events.log import topology
from events.log.publisher import Publisher
from events.types import JobStarted
from infra.local.servers.rabbitmq import RabbitMQ

EVENTS, ROUND, AT_ONCE = 5000, 200, 50
_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"


class Unseamed(Publisher):
    """A publisher as it would be if there were no traces."""

    async def publish(self, event: Event) -> None:
        """Return once the event is confirmed."""
        await self._channel.publish(topology.EXCHANGE, event.type, encode(event), {}, event.id)


async def measure(options: Options, say: Say) -> list[Row]:
    """Publish in three ways, the same number of events in each."""
    count = options.scaled(EVENTS, AT_ONCE)
    found: list[Row] = []
    async with private_directory() as directory:
        node = RabbitMQ(directory / "rabbitmq")
        await node.start()
        try:
            await topology.declare(node.amqp_url)
            async with (
                Publisher(node.amqp_url, name="bench") as publisher,
                Unseamed(node.amqp_url, name="bench") as unseamed,
            ):
                for each in (publisher, unseamed):
                    await _spent(each, AT_ONCE)
                for turn in range(options.repetitions):
                    say(f"traces {turn + 1} of {options.repetitions}: {count} events each")
                    without, off = await _alternated(unseamed, publisher, count)
                    with traced():
                        on = await _spent(publisher, count)
                    found.append(_row("publish, nobody traces", off, "the same without the seam", without))
                    found.append(_row("publish, traced", on, "nobody traces", off))
        finally:
            await node.stop(10.0)
    return rows_of(found)


async def _alternated(one: Publisher, other: Publisher, count: int) -> tuple[float, float]:
    """Measure both in turns, a few events each: they differ by less than a machine does from itself."""
    spent: dict[Publisher, list[float]] = {one: [], other: []}
    for turn in range(max(2, count // ROUND)):
        for each in (one, other) if turn % 2 else (other, one):
            spent[each].append(await _spent(each, ROUND))
    return median(spent[one]), median(spent[other])


async def _spent(publisher: Publisher, count: int) -> float:
    """Return the microseconds of processor time for each of so many publishes."""
    started = JobStarted(run=1, attempt=1, worker="bench")
    events = [job_event(started, job_id=new_id(), account="bench", source="bench") for _ in range(count)]
    begin = time.thread_time()
    for at in range(0, count, AT_ONCE):
        await asyncio.gather(*map(publisher.publish, events[at : at + AT_ONCE]))
    return 1e6 * (time.thread_time() - begin) / count


@contextmanager
def traced() -> Iterator[None]:
    """Send the block's spans to a receiver that throws them away."""
    from service.tracing.otel import OpenTelemetry

    with ThreadingHTTPServer(("127.0.0.1", 0), _Taker) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        os.environ[_ENDPOINT] = f"http://127.0.0.1:{server.server_port}/v1/traces"
        tracer = OpenTelemetry("bench")
        tracing.install(tracer)
        try:
            yield
        finally:
            tracing.install(None)
            tracer.close(5.0)
            del os.environ[_ENDPOINT]
            server.shutdown()


class _Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def _row(measure: str, value: float, against: str, reference: float) -> Row:
    return Row(measure=measure, unit="µs", better="less", against=against, trials=(Trial(value, reference),))
