"""Spans of traces. They go nowhere unless an entry point installs a tracer.

A trace continues in the event itself, by CloudEvents' extension for distributed tracing: `traceparent`
(https://www.w3.org/TR/trace-context/) is the context of the span that published it, and the parent of the
work's span. `tracestate` and baggage are dropped: strangers' text has no place in a log that cannot be
edited. The names are OpenTelemetry's semantic conventions for messaging and RabbitMQ.
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
from events.routing import routing_key

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
"""All attributes of spans: no name of a file, no path or query of a URL, nothing that came from outside."""

Value = str | int | float


class Kind(Enum):
    """The relation of a span to its parent. SERVER and CONSUMER begin a process's own part of a trace."""

    INTERNAL = 0
    SERVER = 1
    CLIENT = 2
    PRODUCER = 3
    CONSUMER = 4


class Span(Protocol):
    """A span under way. Of an exception that leaves the block only the type is recorded."""

    @property
    def traceparent(self) -> str | None:
        """The context for a child in another process; None without a tracer."""

    def rename(self, name: str) -> None:
        """Replace the name, when the right one was not known at the beginning."""

    def set(self, attribute: Attribute, value: Value) -> None:
        """Set an attribute."""

    def failed(self, kind: str) -> None:
        """Mark the span as failed, with the kind of the error."""


class Tracer(Protocol):
    """Records spans."""

    def span(
        self, name: str, kind: Kind, attributes: Mapping[Attribute, Value], parent: str | None
    ) -> AbstractContextManager[Span]:
        """Begin a span for a block: a child of the span around it, or else of `parent`.

        `parent` is a `traceparent` from elsewhere; text of another form is ignored.
        """


class _Nothing:
    """Stands for every span while there is no tracer."""

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
    """Set the process's tracer; None removes it."""
    global _tracer
    _tracer = tracer


def enabled() -> bool:
    """Return True if there is a tracer."""
    return _tracer is not None


def is_traceparent(text: str) -> bool:
    """Return True if the text is a trace context that a span can continue."""
    return _TRACEPARENT.fullmatch(text) is not None


def span(name: str) -> AbstractContextManager[Span]:
    """Begin a child of the current span."""
    return _NOTHING if _tracer is None else _tracer.span(name, Kind.INTERNAL, {}, None)


def serving(method: str, scheme: str, traceparent: str | None) -> AbstractContextManager[Span]:
    """Begin the answer to a request. `traceparent` comes from the caller, a stranger."""
    if _tracer is None:
        return _NOTHING
    about: dict[Attribute, Value] = {"http.request.method": method, "url.scheme": scheme}
    return _tracer.span(method, Kind.SERVER, about, traceparent)


def calling(method: str, host: str, port: int) -> AbstractContextManager[Span]:
    """Begin a request to another server."""
    if _tracer is None:
        return _NOTHING
    about: dict[Attribute, Value] = {
        "http.request.method": method,
        "server.address": host,
        "server.port": port,
    }
    return _tracer.span(method, Kind.CLIENT, about, None)


def publishing(exchange: str, event: Event) -> AbstractContextManager[Event]:
    """Begin a publish; yields the event to publish, with the span's context in it."""
    return nullcontext(event) if _tracer is None else _published(_tracer, exchange, event)


def processing(exchange: str, queue: str, event: Event, attempt: int) -> AbstractContextManager[Span]:
    """Begin the work that an event asks for. The span's parent is the publish, in every attempt."""
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
        "messaging.rabbitmq.destination.routing_key": routing_key(event),
        "messaging.message.id": event.id,
        "messaging.message.conversation_id": event.correlationid or event.subject,
    }
