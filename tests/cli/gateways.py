"""A real HTTP server that gives the gateway's documented answers, and breaks off when it is told to."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from events.wishes import NAMES
from service.problems import Kind

EMAIL, PASSWORD = "ada@example.org", "correct horse"
UPLOADED = {"id": "u", "type": "job.uploaded", "time": "2025-03-01T12:00:00.5Z", "offset": 1, "note": "a.mp4"}
CONVERTED = {"id": "c", "type": "job.converted", "time": "2025-03-01T12:00:02Z", "offset": 3, "note": "fine"}
NOTIFIED = {"id": "n", "type": "job.notified", "time": "2025-03-01T12:00:03Z", "offset": 4, "note": ""}
FAILED = {"id": "f", "type": "job.failed", "time": "2025-03-01T12:00:02Z", "offset": 3, "note": "no_audio"}
_DEFAULTS = {"format": "mp3", "chapters": "keep"}


@dataclass
class Arriving:
    """An upload. There is one at a time, and each becomes the same job."""

    metadata: dict[str, str]
    length: int | None
    body: bytearray = field(default_factory=bytearray)
    is_job: bool = False
    id: str = "j-1"
    turn: threading.Lock = field(default_factory=threading.Lock)

    def take(self, offset: int, came: bytes) -> bool:
        """Take bytes that belong there, and no others: those of a connection that broke off may come late."""
        with self.turn:
            if fits := offset == len(self.body):
                self.body += came
            return fits


class Gateway(ThreadingHTTPServer):
    """One job at a time. What the tests set is below; what they look at, after it."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.audio = bytes(range(256)) * 4000
        self.etag = '"one"'
        self.fails = False
        self.breaks: list[int] = []  # after how many bytes each next download breaks off
        self.upload_breaks: list[int] = []  # after how many bytes each next piece breaks off
        self.away = False  # what stands before it says 503
        self.tells_offset: int | None = None  # in place of the right one
        self.upload_refused: Kind | None = None
        self.import_breaks = 0  # answers to imports that are lost
        self.stream_breaks = 0
        self.streams_full = False
        self.damaged = False
        self.hold = False  # a job that never comes to an end
        self.lists_nothing = False
        self.behind = 0  # how many times the job is still shown as it was before its end
        self.token = 0
        self.expires_in = 900
        self.refresh = "refresh"
        self.refreshes: list[tuple[str, str]] = []
        self.refresh_breaks = 0  # answers of refreshes that are lost
        self.previous_refresh = ""
        self.sign_ins = 0
        self.preset: dict[str, str] = {}
        self.presets: dict[str, dict[str, str]] = {}

        self.settled = threading.Event()
        self.watched = threading.Event()
        self.uploads: list[tuple[str, bytes, str]] = []  # name, bytes, media type
        self.offsets: list[int] = []  # where the pieces began
        self.turned_away = 0  # how often it was asked while it was away
        self.creations: list[str] = []  # the metadata of each upload that was to begin
        self.arriving: Arriving | None = None
        self.wishes: list[dict[str, str]] = []
        self.outputs: list[dict[str, str]] = []
        self.imports: list[dict[str, Any]] = []
        self.import_keys: list[str | None] = []
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
        wish = (self.outputs or self.wishes or [{}])[-1]
        return {
            "job_id": "j-1",
            "state": ("failed" if self.fails else "notified") if settled else "uploaded",
            "done": settled,
            "filename": name,
            "options": {name: text for name, text in wish.items() if _DEFAULTS.get(name) != text},
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
        if self.path == "/files":
            return self._create()
        if urlsplit(self.path).path == "/options/check":
            wished = dict(parse_qsl(urlsplit(self.path).query))
            name = wished.pop("preset", None)
            faults = [
                {"name": each, "detail": "there is no such option"} for each in wished if each not in NAMES
            ]
            if name and name not in self.server.presets:
                faults.append({"name": "preset", "detail": f"there is no preset {name}"})
            if faults:
                return self._json(200, {"options": None, "faults": faults})
            preset = self.server.presets[name] if name else self.server.preset
            return self._json(200, {"options": {"format": "mp3", "chapters": "keep", **preset, **wished}})
        if self.path.startswith("/jobs/j-1/outputs"):
            self.server.outputs.append(dict(parse_qsl(urlsplit(self.path).query)))
            return self._json(202, {"job_id": "j-1", "state": "uploaded"})
        if self.path == "/imports":
            self.server.import_keys.append(self.headers["Idempotency-Key"])
            if self.server.import_breaks:
                self.server.import_breaks -= 1
                return self._break()
            self.server.imports.append(json.loads(body))
            return self._json(202, {"import_id": "j-1", "state": "waiting"})
        if self.path in ("/refresh", "/logout"):
            shown = json.loads(body)["refresh_token"]
            self.server.refreshes.append((self.path, shown))
            if self.path == "/refresh" and shown == self.server.previous_refresh:
                return self._signed_in()
            if shown != self.server.refresh:
                return self._problem(401, "The token is not valid.")
            if self.path == "/logout":
                return self._json(200, {})
            self.server.previous_refresh = self.server.refresh
            self.server.refresh += "+"
            if self.server.refresh_breaks:
                self.server.refresh_breaks -= 1
                return self._break()
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

    def _create(self) -> None:
        self.server.creations.append(self.headers["Upload-Metadata"])
        if self.server.upload_refused:
            refused = self.server.upload_refused
            return self._problem(refused.status, refused.meaning, refused.type)
        if not self._is_signed_in():
            return None
        pairs = [pair.partition(" ") for pair in self.headers["Upload-Metadata"].split(",")]
        metadata = {name: base64.b64decode(value).decode(errors="replace") for name, _, value in pairs}
        length = self.headers["Upload-Length"]
        upload = self.server.arriving = Arriving(metadata, int(length) if length else None)
        return self._stands(201, upload, {"Location": f"http://proxy.example/files/{upload.id}"})

    def do_PATCH(self) -> None:
        if not (upload := self._upload()):
            return None
        offset, size = int(self.headers["Upload-Offset"]), int(self.headers["Content-Length"])
        self.server.offsets.append(offset)
        if offset != len(upload.body):
            return self._problem(409, "Go on elsewhere.")
        if self.headers["Upload-Length"]:
            upload.length = int(self.headers["Upload-Length"])
        if self.server.upload_breaks:
            upload.take(offset, self.rfile.read(min(size, self.server.upload_breaks.pop(0))))
            return self._break()
        came = self.rfile.read(size)
        fits = upload.take(offset, came)
        if len(came) < size:
            return self._break()
        return self._stands(204, upload) if fits else self._problem(409, "Go on elsewhere.")

    def do_HEAD(self) -> None:
        if upload := self._upload():
            self._stands(200, upload)

    def do_DELETE(self) -> None:
        if self._upload():
            self.server.arriving = None
            self._stands(204, None)

    def _upload(self) -> "Arriving | None":
        if not self._is_signed_in():
            return None
        upload = self.server.arriving
        if upload is None or self.path != f"/files/{upload.id}":
            self._problem(404, "There is no such upload.")
            return None
        return upload

    def _is_signed_in(self) -> bool:
        if self.server.away:
            self.server.turned_away += 1
            self._problem(503, "The gateway is away.")
            return False
        if is_good := self.headers["Authorization"] == f"Bearer token-{self.server.token}":
            return is_good
        self._problem(401, "The token is not valid.")
        return False

    def _become_job(self, upload: "Arriving") -> None:
        with upload.turn:
            is_new = len(upload.body) == upload.length and not upload.is_job
            upload.is_job = upload.is_job or is_new
        if is_new:
            wishes = {k: v for k, v in upload.metadata.items() if k not in ("filename", "filetype")}
            self.server.uploads.append(
                (upload.metadata["filename"], bytes(upload.body), upload.metadata["filetype"])
            )
            self.server.wishes.append(wishes)

    def _stands(
        self, status: int, upload: "Arriving | None", more: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        if upload:
            self._become_job(upload)
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        if upload:
            offset = len(upload.body) if self.server.tells_offset is None else self.server.tells_offset
            self.send_header("Upload-Offset", str(offset))
            if upload.length is not None:
                self.send_header("Upload-Length", str(upload.length))
        self.send_header("Content-Length", "0") if status != 204 else None
        self.end_headers()

    def do_GET(self) -> None:
        if not self._is_signed_in():
            return None
        match urlsplit(self.path).path:
            case "/presets":
                names = [{"name": name, "options": each} for name, each in self.server.presets.items()]
                return self._json(200, {"items": names})
            case "/jobs":
                items = [] if self.server.lists_nothing else [self.server.job()]
                return self._json(200, {"items": items, "next_cursor": None})
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
        if self.server.streams_full:
            self.server.settled.set()
            return self._problem(429, "You have 20 event streams open.")
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
        if self.command == "HEAD":
            self.send_response(status)
            self.send_header("Connection", "close")
            self.end_headers()
        else:
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
