"""The probes of a service that serves nobody else: `/health/live` and `/health/ready`, as plain ASGI.

Live says that the event loop turns. Ready says that the work can be done now, or what is missing.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from events.work import Worker
from service.http import serve

_GRACE = 0.5
Trouble = Callable[[], str | None]
"""Returns what is wrong now, None when all is well."""


async def work(worker: Worker, host: str, port: int, stop: asyncio.Event) -> None:
    """Run a worker until told to stop; its probes are served on the port, nowhere if that is 0."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run(stop))
        if port:
            tasks.create_task(serve(health_app(lambda: worker.trouble), host, port, stop, grace=_GRACE))


def health_app(trouble: Trouble) -> ASGIApp:
    """Return the application: 200, or 503 with what is wrong as problem details (RFC 9457)."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        match scope["path"]:
            case "/health/live":
                status, body = 200, {"status": "live"}
            case "/health/ready":
                wrong = trouble()
                status, body = (
                    (503, _problem(503, "Not ready", wrong)) if wrong else (200, {"status": "ready"})
                )
            case _:
                status, body = (
                    404,
                    _problem(404, "Not found", "there are only /health/live and /health/ready"),
                )
        kind = b"application/json" if status == 200 else b"application/problem+json"
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": json.dumps(body).encode(), "more_body": False})

    return app


def _problem(status: int, title: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "status": status, "title": title, "detail": detail}
