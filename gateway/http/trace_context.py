"""Trace context (https://www.w3.org/TR/trace-context/): one trace from the request to the mail.

The context of the request under way stands in one context variable, from the first line of its log to the
event that it publishes.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from litestar.types import Scope

from events.tracing import is_traceparent

_HEADER = b"traceparent"
_traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current() -> str | None:
    """Return the context of the request under way; None outside of requests."""
    return _traceparent.get()


@contextmanager
def entered(scope: Scope) -> Iterator[str]:
    """Enter the request's context for the block, and yield the trace's id."""
    header = next((value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER), None)
    context = traceparent(header)
    before = _traceparent.set(context)
    try:
        yield context.split("-")[1]
    finally:
        _traceparent.reset(before)


def traceparent(header: str | None) -> str:
    """Return the caller's trace context, or a new one when there is none that is valid."""
    if header is not None and is_traceparent(header):
        return header
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
