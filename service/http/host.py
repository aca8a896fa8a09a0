"""Exactly one good `Host` in every request, or none in HTTP/1.0 (RFC 9112, 3.2).

A proxy that goes by one of two hosts, and a server that goes by the other, are how requests are smuggled.
"""

import re
from ipaddress import IPv6Address

from litestar.types import ASGIApp, Receive, Scope, Send

from service.known_problems import BAD_HOST
from service.problems import send_problem

_HOST = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+)\]|(?:[\w\-.~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::([0-9]*))?", re.ASCII
)
_MOST_PORTS = 65535


class OneHost:
    """The application, for requests that name the host they mean."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        detail = _fault(hosts, old=scope.get("http_version") in ("1", "1.0"))
        if detail is None:
            await self._app(scope, receive, send)
        else:
            await send_problem(send, scope["path"], BAD_HOST, detail)


def _fault(hosts: list[str], *, old: bool) -> str | None:
    """Return what is wrong with the hosts of a request; None if nothing is. `old`: of HTTP/1.0."""
    if hosts in ([], [""]):  # Granian adds an empty one where there is none
        return None if old else "the request has no Host"
    if len(hosts) > 1:
        return f"the request has {len(hosts)} headers Host"
    return None if _good(hosts[0].strip(" \t")) else "the Host of the request is no name or address"


def _good(host: str) -> bool:
    found = _HOST.fullmatch(host)
    if found is None or int(found[2] or 0) > _MOST_PORTS:
        return False
    try:
        return found[1] is None or bool(IPv6Address(found[1]))
    except ValueError:
        return False
