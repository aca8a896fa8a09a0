"""Spans by OpenTelemetry, exported by OTLP over HTTP. Imported only where traces are asked for.

A collector that is away or hangs harms only the traces. Spans wait in a queue of a fixed length, and a thread
of the library sends them. Spans that do not fit are dropped, and at the end `close` waits for a limited time.
"""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from structlog.contextvars import bound_contextvars

from events import tracing
from events.ids import new_id
from events.tracing import Attribute, Kind, Value

# It logs many lines for each attempt while a collector is away; `_Reporting` below logs one.
logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
log = structlog.get_logger()

_KINDS = {kind: trace.SpanKind(kind.value) for kind in Kind}
_BEGINNINGS = (Kind.SERVER, Kind.CONSUMER)


class OpenTelemetry:
    """The tracer. OpenTelemetry's own variables set sampling, limits and the exporter."""

    def __init__(self, service: str) -> None:
        ours = Resource.create(
            {"service.name": service, "service.namespace": "tonearm", "service.instance.id": new_id()}
        )
        self._provider = TracerProvider(
            resource=ours.merge(OTELResourceDetector().detect()), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(_Reporting(OTLPSpanExporter())))
        self._tracer = self._provider.get_tracer("tonearm")

    @contextmanager
    def span(
        self, name: str, kind: Kind, attributes: Mapping[Attribute, Value], parent: str | None
    ) -> Iterator["_Span"]:
        """Begin a span, and name it in the block's log lines. See `events.tracing.Tracer`."""
        began = self._tracer.start_span(
            name,
            _context(None if kind in _BEGINNINGS else trace.get_current_span(), parent),
            _KINDS[kind],
            {str(name): value for name, value in attributes.items()},
        )
        under_way = _Span(began)
        # An exception's text may hold anything, so the library is not to note it.
        with (
            trace.use_span(began, end_on_exit=True, record_exception=False, set_status_on_exception=False),
            bound_contextvars(trace_id=under_way.trace_id, span_id=under_way.span_id),
        ):
            try:
                yield under_way
            except Exception as error:
                under_way.failed(type(error).__name__)
                raise

    def close(self, seconds: float) -> None:
        """Send the spans that wait, for so many seconds at most."""
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(seconds)
        if closing.is_alive():
            log.warning("spans_given_up", after_seconds=seconds)


class _Span:
    """A span of OpenTelemetry's."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        context = span.get_span_context()
        self.trace_id = trace.format_trace_id(context.trace_id)
        self.span_id = trace.format_span_id(context.span_id)
        self.traceparent = f"00-{self.trace_id}-{self.span_id}-{context.trace_flags:02x}"

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def set(self, attribute: Attribute, value: Value) -> None:
        self._span.set_attribute(attribute, value)

    def failed(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(trace.StatusCode.ERROR)


class _Reporting(SpanExporter):
    """An exporter that logs the beginning and the end of its failures, once each."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter, self._fails = exporter, False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans, or lose them."""
        result = self._exporter.export(spans)
        fails = result is not SpanExportResult.SUCCESS
        if fails and not self._fails:
            log.warning("spans_not_sent", error="the collector did not take them; they are lost")
        elif self._fails and not fails:
            log.info("spans_sent_again")
        self._fails = fails
        return result

    def shutdown(self) -> None:
        """End what is under way."""
        self._exporter.shutdown()


def _context(around: trace.Span | None, parent: str | None) -> Context:
    """Return the context that a span continues: the one around it, else the parent, else none."""
    if around is not None and around.get_span_context().is_valid:
        return trace.set_span_in_context(around, Context())
    if parent is None or not tracing.is_traceparent(parent):
        return Context()
    _, trace_id, span_id, flags = parent.split("-")
    remote = trace.SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=trace.TraceFlags(int(flags, 16))
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(remote), Context())
