"""The wrapper around every request, also those that match no route: metrics and a log line."""

import time
from typing import Any

import structlog
from litestar.exceptions import LitestarException
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from gateway.errors import BlobRemoved
from gateway.http import trace_context
from service.metrics.http import HttpMetrics, route_of

log = structlog.get_logger()

_QUIET = ("/health", "/schema")


class AccessLog:
    """The application, with metrics and a log line for each request."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        began, status, seconds = time.perf_counter(), 0, 0.0

        async def sending(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - began
            await send(message)

        with trace_context.entered(scope) as trace_id, bound_contextvars(trace_id=trace_id):
            try:
                await self._app(scope, receive, sending)
            except Exception as error:
                # The answer has begun: all that is left is to break it off, so that the client notices.
                if _is_of_removal(error):
                    log.info("answer_broken_off", route=scope.get("path_template"), reason="deleted")
                else:
                    log.exception("answer_broken_off", route=scope.get("path_template"))
                raise
            finally:
                self._note(scope, status, seconds)

    def _note(self, scope: Any, status: int, seconds: float) -> None:
        method, route = scope["method"], route_of(scope)
        self._metrics.answered(method, route, status, seconds)
        if not route.startswith(_QUIET):
            job = {key: value for key, value in scope.get("path_params", {}).items() if key == "job_id"}
            log.info("request", method=method, route=route, status=status, seconds=round(seconds, 4), **job)


def _is_of_removal(error: BaseException | None) -> bool:
    """Return True if this is no fault: somebody deleted what is being read. The framework wraps errors."""
    match error:
        case LitestarException(__cause__=cause):
            return _is_of_removal(cause)
        case BaseExceptionGroup(exceptions=errors):
            return all(map(_is_of_removal, errors))
    return isinstance(error, BlobRemoved)
