"""A real HTTP server that gives the gateway's documented answers, and breaks off when it is told to."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from service.problems import Kind

EMAIL, PASSWORD = "ada@example.org", "correct horse"
UPLOADED = {"id": "u", "type": "job.uploaded", "time": "2025-03-01T12:00:00.5Z", "offset": 1, "note": "a.mp4"}
CONVERTED = {"id": "c", "type": "job.converted", "time": "2025-03-01T12:00:02Z", "offset": 3, "note": "fine"}
NOTIFIED = {"id": "n", "type": "job.notified", "time": "2025-03-01T12:00:03Z", "offset": 4, "note": ""}
FAILED = {"id": "f", "type": "job.failed", "time": "2025-03-01T12:00:02Z", "offset": 3, "note": "no_audio"}


class Gateway(ThreadingHTTPServer):
    """One job at a time. What the tests set is below; what they look at, after it."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.audio = bytes(range(256)) * 4000
        self.etag = '"one"'
        self.fails = False
        self.breaks: list[int] = []  # after how many bytes each next download breaks off
        self.upload_breaks = 0
        self.upload_refused: Kind | None = None
        self.stream_breaks = 0
        self.damaged = False
        self.hold = False  # a job that never comes to an end
        self.behind = 0  # how many times the job is still shown as it was before its end
        self.token = 0
        self.expires_in = 900
        self.refresh = "refresh"
        self.refreshes: list[tuple[str, str]] = []
        self.sign_ins = 0
        self.preset: dict[str, str] = {}
        self.presets: dict[str, dict[str, str]] = {}

        self.settled = threading.Event()
        self.watched = threading.Event()
        self.uploads: list[tuple[str, bytes, str]] = []
        self.wishes: list[dict[str, str]] = []
        self.imports: list[dict[str, Any]] = []
        self.standings: list[dict[str, Any]] = []  # how an import stands each time that it is asked for
        self.ranges: list[str | None] = []
        self.last_event_ids: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def expire_tokens(self) -> None:
        self.token += 1

    def job(self) -> dict[str, Any]:
        settled = self.settled.is_set()
        if settled and self.behind:
            self.behind, settled = self.behind - 1, False
        timeline = [UPLOADED, *([FAILED] if self.fails else [CONVERTED, NOTIFIED])] if settled else [UPLOADED]
        sha256 = "0" * 64 if self.damaged else hashlib.sha256(self.audio).hexdigest()
        done = settled and not self.fails
        name, video, _ = self.uploads[-1] if self.uploads else ("a.mp4", b"", "")
        return {
            "job_id": "j-1",
            "state": ("failed" if self.fails else "notified") if settled else "uploaded",
            "done": settled,
            "filename": name,
            "video": {"bytes": len(video), "sha256": hashlib.sha256(video).hexdigest()},
            "audio": {
                "url": "/jobs/j-1/audio",
                "bytes": len(self.audio),
                "duration_seconds": 65.0,
                "sha256": sha256,
            }
            if done
            else None,
            "error": {"code": "no_audio", "message": "No sound."} if self.fails and settled else None,
            "timeline": timeline,
        }


class _Handler(BaseHTTPRequestHandler):
    server: Gateway
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if urlsplit(self.path).path == "/options/check":
            wished = dict(parse_qsl(urlsplit(self.path).query))
            if (name := wished.pop("preset")) not in self.server.presets:
                fault = {"name": "preset", "detail": f"there is no preset {name}"}
                return self._json(200, {"options": None, "faults": [fault]})
            return self._json(200, {"options": {"format": "mp3", **self.server.presets[name], **wished}})
        if self.path == "/imports":
            self.server.imports.append(json.loads(body))
            return self._json(202, {"import_id": "j-1", "state": "waiting"})
        if self.path in ("/refresh", "/logout"):
            shown = json.loads(body)["refresh_token"]
            self.server.refreshes.append((self.path, shown))
            if shown != self.server.refresh:
                return self._problem(401, "The token is not valid.")
            if self.path == "/logout":
                return self._json(200, {})
            self.server.refresh += "+"
            return self._signed_in()
        basic = base64.b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()
        if self.headers["Authorization"] != f"Basic {basic}":
            return self._problem(401, "E-mail address or password is wrong.")
        self.server.sign_ins += 1
        return self._signed_in()

    def _signed_in(self) -> None:
        tokens: dict[str, str | int] = {
            "access_token": f"token-{self.server.token}",
            "refresh_token": self.server.refresh,
        }
        tokens["expires_in"] = self.server.expires_in
        return self._json(200, tokens | {"token_type": "Bearer"})

    def do_PUT(self) -> None:
        if self.server.upload_refused:
            refused = self.server.upload_refused
            return self._problem(refused.status, refused.meaning, refused.type)
        if self.server.upload_breaks:
            self.server.upload_breaks -= 1
            self.rfile.read(1)
            return self._break()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != f"Bearer token-{self.server.token}":
            return self._problem(401, "The token is not valid.")
        if len(body) < int(self.headers["Content-Length"]):
            return self._break()
        name = unquote(urlsplit(self.path).path.removeprefix("/upload/"))
        self.server.uploads.append((name, body, self.headers["Idempotency-Key"]))
        self.server.wishes.append(dict(parse_qsl(urlsplit(self.path).query)))
        return self._json(202, {"job_id": "j-1", "state": "uploaded"})

    def do_GET(self) -> None:
        if self.headers["Authorization"] != f"Bearer token-{self.server.token}":
            return self._problem(401, "The token is not valid.")
        match urlsplit(self.path).path:
            case "/preset":
                return self._json(200, self.server.preset)
            case "/jobs":
                return self._json(200, {"items": [self.server.job()], "next_cursor": None})
            case "/jobs/j-1":
                return self._json(200, self.server.job())
            case "/imports/j-1":
                return self._json(200, {"import_id": "j-1", **self.server.standings.pop(0)})
            case "/jobs/j-1/events":
                return self._events()
            case "/jobs/j-1/audio":
                return self._audio()
            case _:
                return self._problem(404, "There is no such job.")

    def _events(self) -> None:
        self.server.last_event_ids.append(self.headers["Last-Event-ID"])
        if self.headers["Last-Event-ID"] == "3":
            self.send_response(204)
            return self.end_headers()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b": ping\n\nid: 1\nevent: job.uploaded\ndata: {}\n\n")
        self.wfile.write(b'event: progress\ndata: {"percent": 50.0, "speed": 20.0}\n\nid: 2\nevent: job.sta')
        self.wfile.flush()
        self.server.watched.set()
        if self.server.hold:
            self.rfile.read(1)  # until the client goes away
            return self._break()
        if self.server.stream_breaks:
            self.server.stream_breaks -= 1
            return self._break()
        self.server.settled.set()
        self.wfile.write(b"rted\ndata: {}\n\nid: 3\nevent: job.converted\ndata: {}\n\n")
        self.wfile.write(b"event: end\ndata: {}\n\n")
        return None

    def _audio(self) -> None:
        wanted = self.headers["Range"]
        self.server.ranges.append(wanted)
        start, status = 0, 200
        if wanted and self.headers["If-Range"] == self.server.etag:
            found = re.fullmatch(r"bytes=(\d+)-", wanted)
            assert found
            start, status = int(found[1]), 206
        total = len(self.server.audio)
        self.send_response(status)
        self.send_header("ETag", self.server.etag)
        self.send_header("Content-Length", str(total - start))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.end_headers()
        if self.server.breaks:
            self.wfile.write(self.server.audio[start : start + self.server.breaks.pop(0)])
            return self._break()
        self.wfile.write(self.server.audio[start:])
        return None

    def _json(self, status: int, value: Any, kind: str = "application/json") -> None:
        body = msgspec.json.encode(value)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")  # or the client might use it once more
        self.end_headers()
        self.wfile.write(body)

    def _problem(self, status: int, detail: str, type_: str = "about:blank") -> None:
        self.close_connection = True
        problem = {"type": type_, "title": "No", "status": status, "detail": detail}
        self._json(status, problem, "application/problem+json")

    def _break(self) -> None:
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def gateway_serving() -> Iterator[Gateway]:
    with Gateway(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
