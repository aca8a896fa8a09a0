"""Traces, where OpenTelemetry's own variables ask for them (`OTEL_…`; docs/settings.md names them).

Without one of them the library is not even imported.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from events import tracing
from service.settings import InvalidSetting, Settings, load

FLUSH_SECONDS = 1.5
"""The time for sending the last spans, if the stop's deadline leaves so much."""
_BEFORE_DEADLINE = 1.5
"""Seconds before the deadline at which the collector is given up."""
_PROTOCOL = "http/protobuf"


class TracingSettings(Settings, frozen=True, kw_only=True):
    """The variables that turn traces on. The library reads these and its other variables by itself."""

    otel_exporter_otlp_endpoint: str = ""
    otel_exporter_otlp_traces_endpoint: str = ""
    otel_exporter_otlp_protocol: str = ""
    otel_exporter_otlp_traces_protocol: str = ""
    otel_traces_exporter: str = ""
    otel_sdk_disabled: str = ""

    @property
    def on(self) -> bool:
        """True if spans are exported. Raises InvalidSetting for an unknown exporter or protocol."""
        named = self.otel_traces_exporter or (
            "otlp" if self.otel_exporter_otlp_traces_endpoint or self.otel_exporter_otlp_endpoint else "none"
        )
        if named == "none" or self.otel_sdk_disabled.lower() == "true":
            return False
        if named != "otlp":
            raise InvalidSetting(f"setting: OTEL_TRACES_EXPORTER is otlp or none, not {named!r}")
        protocol = self.otel_exporter_otlp_traces_protocol or self.otel_exporter_otlp_protocol or _PROTOCOL
        if protocol != _PROTOCOL:
            raise InvalidSetting(f"setting: OTEL_EXPORTER_OTLP_PROTOCOL is {_PROTOCOL}, not {protocol!r}")
        return True


@contextmanager
def exported(service: str) -> Iterator[None]:
    """Export the block's spans if the environment asks for it. Raises InvalidSetting."""
    # Litestar loads OpenTelemetry wherever it is installed, to look whether its own plug-in is in use. It is
    # not: it notes paths and queries as they come.
    sys.modules.setdefault("litestar.plugins.opentelemetry", None)  # type: ignore[arg-type]
    if not load(TracingSettings, os.environ).on:
        yield
        return
    try:
        from service.tracing.otel import OpenTelemetry
    except ModuleNotFoundError as error:
        raise InvalidSetting(
            "setting: traces are asked for, but OpenTelemetry is not installed:"
            " pip install 'tonearm-….whl[otel]'"
        ) from error
    try:
        tracer = OpenTelemetry(service)
    except ValueError as error:
        raise InvalidSetting(f"setting: OTEL_…: {error}") from error
    tracing.install(tracer)
    try:
        yield
    finally:
        tracing.install(None)
        tracer.close(_left(signal.getitimer(signal.ITIMER_REAL)[0]))


def _left(deadline: float) -> float:
    """Return the time for the last spans; `deadline` is in seconds from now, 0 if there is none."""
    return max(0.0, min(FLUSH_SECONDS, deadline - _BEFORE_DEADLINE)) if deadline else FLUSH_SECONDS
