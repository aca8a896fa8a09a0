"""Trace context (https://www.w3.org/TR/trace-context/): one trace from the request to the mail."""

import secrets

from events.tracing import is_traceparent


def traceparent(header: str | None) -> str:
    """Return the caller's trace context, or a new one when there is none that is valid."""
    if header is not None and is_traceparent(header):
        return header
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def trace_id(context: str) -> str:
    """Return the trace's id."""
    return context.split("-")[1]
