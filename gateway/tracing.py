"""Trace context (https://www.w3.org/TR/trace-context/): one trace from the request to the mail."""

import re
import secrets

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def traceparent(header: str | None) -> str:
    """Return the caller's trace context, or a new one when there is none that is valid."""
    if header is not None and _TRACEPARENT.fullmatch(header):
        return header
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def trace_id(context: str) -> str:
    """Return the trace's id."""
    return context.split("-")[1]
