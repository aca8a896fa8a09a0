"""What is no gateway, or a hostile one, may answer anything: it is said in a sentence, and soon."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cli.client.entrance import Entrance
from cli.client.errors import ClientError

WAYS = b'{"registration": "open", "password_rule": "", "providers": {}}'
DEEP = b"[" * 100_000 + b"]" * 100_000


class Stranger(BaseHTTPRequestHandler):
    """Answers all alike."""

    status, packed, body, is_endless = 200, False, b"", False

    def do_GET(self) -> None:
        self.send_response(self.status)
        if self.packed:
            self.send_header("Content-Encoding", "gzip")
        if not self.is_endless:
            self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)
        while self.is_endless:
            try:
                self.wfile.write(bytes(2**20))
            except OSError:
                return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 – its name there
        pass


@contextmanager
def stranger(**ways: object) -> Iterator[Entrance]:
    handler = type("Handler", (Stranger,), ways)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Entrance(f"http://127.0.0.1:{server.server_port}") as entrance:
            yield entrance
        server.shutdown()


@pytest.mark.parametrize("status", [200, 404, 503])
@pytest.mark.parametrize(
    "ways",
    [
        {"body": b'{"registration": ' + DEEP + b"}"},
        {"body": b'{"detail": "\xff"}'},
        {"body": b"no gzip", "packed": True},
        {"body": gzip.compress(WAYS + b" " * 2**21), "packed": True},
        {"is_endless": True},
    ],
    ids=["deep", "no UTF-8", "not packed", "packed tightly", "endless"],
)
def test_no_answer_is_too_odd_or_too_large(status: int, ways: dict[str, object]) -> None:
    with stranger(status=status, **ways) as entrance, pytest.raises(ClientError):
        entrance.ways()
