"""Spans: what took how long, and what led to it. Nobody listens unless an entry point installs a tracer.

A trace goes on in the event itself, by CloudEvents' extension for distributed tracing: `traceparent`
(https://www.w3.org/TR/trace-context/) is the context of the span that published it, and whoever takes the
event as work goes on from there. `tracestate` and baggage go nowhere: what strangers write has no place in a
log that cannot be edited. The names are OpenTelemetry's semantic conventions for messaging and RabbitMQ.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from enum import Enum
from types import TracebackType
from typing import Literal, Protocol

from msgspec.structs import replace

from events.envelope import Event

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

Attribute = Literal[
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "messaging.destination.name",
    "messaging.message.conversation_id",
    "messaging.message.id",
    "messaging.operation.name",
    "messaging.operation.type",
    "messaging.rabbitmq.destination.routing_key",
    "messaging.system",
    "process.exit.code",
    "server.address",
    "server.port",
    "tonearm.attempt",
    "tonearm.bytes",
    "tonearm.event_age_seconds",
    "url.scheme",
]
"""All that a span may hold: no name of a file, no path or query of a URL, nothing that came from outside."""

Value = str | int | float


class Kind(Enum):
    """What a span is to the one before it. SERVER and CONSUMER begin a process's own part of a trace."""

    INTERNAL = 0
    SERVER = 1
    CLIENT = 2
    PRODUCER = 3
    CONSUMER = 4


class Span(Protocol):
    """What is under way. An exception that leaves the block is noted by its type alone."""

    @property
    def traceparent(self) -> str | None:
        """How others go on from here; None when nobody traces."""

    def rename(self, name: str) -> None:
        """Give it a name that was not known at its beginning."""

    def set(self, attribute: Attribute, value: Value) -> None:
        """Note a fact."""

    def failed(self, kind: str) -> None:
        """Note that it came to nothing, and which kind of error that was."""


class Tracer(Protocol):
    """Who listens."""

    def span(
        self, name: str, kind: Kind, attributes: Mapping[Attribute, Value], parent: str | None
    ) -> AbstractContextManager[Span]:
        """Begin a span for a block: a part of the span around it, and where there is none, of `parent`.

        `parent` is a `traceparent` from elsewhere: what is none is as if there were none.
        """


class _Nothing:
    """Stands for every span while nobody traces."""

    traceparent = None

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def rename(self, name: str) -> None:
        pass

    def set(self, attribute: Attribute, value: Value) -> None:
        pass

    def failed(self, kind: str) -> None:
        pass


_NOTHING = _Nothing()
_tracer: Tracer | None = None


def install(tracer: Tracer | None) -> None:
    """Have this process's spans go there; None: nowhere. Like its log, a process has one."""
    global _tracer
    _tracer = tracer


def enabled() -> bool:
    """Tell whether anybody listens."""
    return _tracer is not None


def is_traceparent(text: str) -> bool:
    """Tell whether it is a context that can be gone on from."""
    return _TRACEPARENT.fullmatch(text) is not None


def span(name: str) -> AbstractContextManager[Span]:
    """Begin a part of what is under way."""
    return _NOTHING if _tracer is None else _tracer.span(name, Kind.INTERNAL, {}, None)


def serving(method: str, scheme: str, traceparent: str | None) -> AbstractContextManager[Span]:
    """Begin the answer to a request. `traceparent` is the caller's, who may be anybody."""
    if _tracer is None:
        return _NOTHING
    about: dict[Attribute, Value] = {"http.request.method": method, "url.scheme": scheme}
    return _tracer.span(method, Kind.SERVER, about, traceparent)


def calling(method: str, host: str, port: int) -> AbstractContextManager[Span]:
    """Begin a request to somebody else."""
    if _tracer is None:
        return _NOTHING
    about: dict[Attribute, Value] = {
        "http.request.method": method,
        "server.address": host,
        "server.port": port,
    }
    return _tracer.span(method, Kind.CLIENT, about, None)


def publishing(exchange: str, event: Event) -> AbstractContextManager[Event]:
    """Begin a publish; yields the event as it is to be published, with the span's context."""
    return nullcontext(event) if _tracer is None else _published(_tracer, exchange, event)


def processing(exchange: str, queue: str, event: Event, attempt: int) -> AbstractContextManager[Span]:
    """Begin the work that an event asks for. The span's parent is the publish, however often it is tried."""
    if _tracer is None:
        return _NOTHING
    about = _message("process", "process", f"{exchange}:{event.type}:{queue}", event)
    about["tonearm.attempt"] = attempt
    about["tonearm.event_age_seconds"] = max(0.0, (datetime.now(UTC) - event.time).total_seconds())
    name = f"process {about['messaging.destination.name']}"
    return _tracer.span(name, Kind.CONSUMER, about, event.traceparent)


@contextmanager
def _published(tracer: Tracer, exchange: str, event: Event) -> Iterator[Event]:
    about = _message("publish", "send", f"{exchange}:{event.type}", event)
    name = f"publish {about['messaging.destination.name']}"
    with tracer.span(name, Kind.PRODUCER, about, event.traceparent) as span:
        yield replace(event, traceparent=span.traceparent)


def _message(name: str, type_: str, destination: str, event: Event) -> dict[Attribute, Value]:
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": name,
        "messaging.operation.type": type_,
        "messaging.destination.name": destination,
        "messaging.rabbitmq.destination.routing_key": event.type,
        "messaging.message.id": event.id,
        "messaging.message.conversation_id": event.correlationid or event.subject,
    }
