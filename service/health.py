"""What a service that serves nobody else has for its operator: `/health/live`, `/health/ready`, `/metrics`.

Live says that the event loop turns. Ready says that the work can be done now, or what is missing.
"""

import asyncio
import json
from collections.abc import Callable, Sequence

from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import CollectorRegistry

from events.work import Worker
from service.http import serve
from service.metrics.registry import CONTENT_TYPE, page

_GRACE = 0.5
Trouble = Callable[[], str | None]
"""Returns what is wrong now, None when all is well."""


async def work(
    workers: Sequence[Worker], host: str, port: int, stop: asyncio.Event, registry: CollectorRegistry
) -> None:
    """Run workers until told to stop; their pages are served on the port, nowhere if that is 0."""

    def trouble() -> str | None:
        return next((worker.trouble for worker in workers if worker.trouble), None)

    async with asyncio.TaskGroup() as tasks:
        for worker in workers:
            tasks.create_task(worker.run(stop))
        if port:
            tasks.create_task(serve(health_app(trouble, registry), host, port, stop, grace=_GRACE))


def health_app(trouble: Trouble, registry: CollectorRegistry) -> ASGIApp:
    """Return the application. Ready is 200, or 503 with what is wrong as problem details (RFC 9457)."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        match scope["path"]:
            case "/health/live":
                status, kind, body = _well("live")
            case "/health/ready":
                wrong = trouble()
                status, kind, body = _problem(503, "Not ready", wrong) if wrong else _well("ready")
            case "/metrics":
                status, kind, body = 200, CONTENT_TYPE, page(registry)
            case _:
                status, kind, body = _problem(404, "Not found", "there are only /health/… and /metrics")
        headers = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return app


_Answer = tuple[int, str, bytes]
"""Status, media type, body."""


def _well(status: str) -> _Answer:
    return 200, "application/json", json.dumps({"status": status}).encode()


def _problem(status: int, title: str, detail: str) -> _Answer:
    problem = {"type": "about:blank", "status": status, "title": title, "detail": detail}
    return status, "application/problem+json", json.dumps(problem).encode()
