"""HTTP with traces: each request that comes is a span, and each that goes to another service of ours.

The names are OpenTelemetry's semantic conventions for HTTP spans, but for `url.path`, `url.query` and
`client.address`, which are left out: file names, tokens and addresses stand in them.
"""

from typing import Any

import httpx
from litestar.types import ASGIApp, Message, Receive, Send

from events import tracing

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"))
_QUIET = ("/health", "/metrics", "/schema")
_HEADER = b"traceparent"


def traced(app: ASGIApp) -> ASGIApp:
    """Return the application with a span for each request, but those of probes.

    The request's header `traceparent` is the span's then, also where the caller sent none or a bad one; the
    caller's `tracestate` and `baggage` are taken out.
    """
    if not tracing.enabled():
        return app

    async def observed(scope: Any, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(_QUIET):
            await app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        header = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        with tracing.serving(method, scope["scheme"], header.decode("latin-1")) as span:
            own = (_HEADER, (span.traceparent or "").encode())
            others = (_HEADER, b"tracestate", b"baggage")
            scope["headers"] = [*(each for each in scope["headers"] if each[0] not in others), own]

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.failed(str(message["status"]))
                await send(message)

            try:
                await app(scope, receive, sending)
            finally:
                if route := scope.get("path_template"):
                    span.rename(f"{method} {route}")
                    span.set("http.route", route)

    return observed


class Client(httpx.AsyncClient):
    """An HTTP client for services of ours: each request is a span, and takes its context along."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request."""
        if not tracing.enabled():
            return await super().send(request, **options)
        host, port = request.url.host, request.url.port or (443 if request.url.scheme == "https" else 80)
        with tracing.calling(request.method, host, port) as span:
            request.headers["traceparent"] = span.traceparent or ""
            answer = await super().send(request, **options)
            span.set("http.response.status_code", answer.status_code)
            if answer.is_error:
                span.failed(str(answer.status_code))
            return answer
