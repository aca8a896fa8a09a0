"""Real servers on ports of their own: SMTP that answers as the address says, and auth's accounts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from infra.local.ports import free_port

TOKEN = "service-token"


class Catcher:
    """Keeps what it accepts. `tempfail…` gets 451 until `lenient` is set, `permfail…` gets 550.

    With `relents` the next refusal sets it. `vanish…` gets no answer to a mail that is kept, until it is set:
    the connection breaks.
    """

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.signed_in: list[Any] = []
        self.over_tls: list[bool] = []
        self.lenient = self.relents = False
        self.url = ""

    async def handle_RCPT(self, server, session, envelope, address, options):  # type: ignore[no-untyped-def]
        if address.startswith("tempfail") and not self.lenient:
            self.lenient = self.relents
            return f"451 4.7.1 <{address}> come back later"
        if address.startswith("permfail"):
            return f"550 5.1.1 <{address}> is not welcome"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # type: ignore[no-untyped-def]
        if "toolarge" in envelope.rcpt_tos[0]:
            return "552 5.3.4 too large"
        self.kept.append(envelope.content)
        if envelope.rcpt_tos[0].startswith("vanish") and not self.lenient:
            server.transport.abort()
        self.over_tls.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, login):  # type: ignore[no-untyped-def]
        self.signed_in.append(login.login)
        return AuthResult(success=login.password == b"right", handled=False)


@contextmanager
def serving(catcher: Catcher, **options: Any) -> Iterator[Controller]:
    controller = Controller(catcher, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller
    finally:
        controller.stop()


class Auth(ThreadingHTTPServer):
    """Auth's `GET /accounts/{id}`. `addresses` are the accounts; `broken` answers 503.

    `preferences` are the mails that accounts want; one that is not there is told of as auth once did.
    """

    addresses: dict[str, str]
    preferences: dict[str, str]
    linked: set[str]
    """Accounts that want links in their mails that need no sign-in."""
    broken = False
    asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Accounts(BaseHTTPRequestHandler):
    server: Auth

    def do_GET(self) -> None:
        self.server.asked += 1
        account = self.path.removeprefix("/accounts/")
        if self.server.broken:
            return self._answer(503, {})
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._answer(401, {})
        if account not in self.server.addresses:
            return self._answer(404, {})
        known: dict[str, Any] = {"account_id": account, "email": self.server.addresses[account]}
        if account in self.server.preferences:
            known |= {"mails": self.server.preferences[account], "unsubscribe": f"tonearmu_{account}"}
            known |= {"links": account in self.server.linked}
        return self._answer(200, known)

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        body = msgspec.json.encode(value)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def auth_serving(addresses: dict[str, str]) -> Iterator[Auth]:
    with Auth(("127.0.0.1", 0), _Accounts) as server:
        server.addresses, server.preferences, server.linked = addresses, {}, set()
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
