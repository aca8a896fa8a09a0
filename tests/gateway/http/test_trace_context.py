"""One trace from the request to the event: the caller's, or a new one."""

from typing import Any

from gateway.http import trace_context
from gateway.http.trace_context import traceparent


def test_a_trace_goes_on_or_begins() -> None:
    given_one = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert traceparent(given_one) == given_one
    for bad in (None, "", given_one.upper(), "00-" + "0" * 32 + "-00f067aa0ba902b7-01"):
        assert traceparent(traceparent(bad)) != bad


def test_a_request_has_its_context_until_it_ends() -> None:
    theirs = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    scope: Any = {"headers": [(b"host", b"x"), (b"traceparent", theirs.encode())]}
    assert trace_context.current() is None
    with trace_context.entered(scope) as trace_id:
        assert trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
        assert trace_context.current() == theirs
    assert trace_context.current() is None
