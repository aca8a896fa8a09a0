"""A gateway process, an auth that only has keys, and events as the workers would tell them."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import canaries
import httpx
import jwt
from bson.binary import Binary
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.envelope import job_event
from events.ids import new_id
from events.log.publisher import Publisher
from events.options import Format
from events.types import FailureCode, JobConverted, JobFailed, JobPayload, JobStarted
from infra.local.ports import free_port

SCOPES = "read upload manage account"


@dataclass
class FakeAuth:
    """Auth as the gateway sees it: public keys, and answers to what is forwarded while it `speaks`."""

    port: int = field(default_factory=free_port)
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.kid = new_id()
        self.speaks = asyncio.Event()
        self.speaks.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def posted(self) -> list[tuple[str, bytes]]:
        """What was forwarded to it. Gateways ask for keys by themselves, whenever they like."""
        return [each for each in self.requests if each[0].startswith("POST ")]

    def token(self, account: str, *, roles: tuple[str, ...] = ("user",), **changes: Any) -> str:
        """Sign a token; `changes` replace claims, None removes one. `typ`, `kid` and `key` may change too."""
        now = int(time.time())
        changes.setdefault("exp", now + changes.pop("lifetime", 600))
        typ, kid = changes.pop("typ", "at+jwt"), changes.pop("kid", self.kid)
        key = changes.pop("key", self.key)
        claims = {"iss": "tonearm", "aud": "tonearm", "sub": account, "iat": now}
        claims |= {"jti": new_id(), "sid": new_id(), "scope": SCOPES, "roles": list(roles), **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, key, algorithm="EdDSA", headers={"typ": typ, "kid": kid})

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            (
                int(line.split(":")[1])
                for line in head.splitlines()
                if line.lower().startswith("content-length:")
            ),
            0,
        )
        body = await reader.readexactly(length)
        self.requests.append((head, body))
        public = jwt.algorithms.OKPAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        if head.startswith("GET /.well-known/jwks.json "):
            status, more = "200 OK", "Content-Type: application/json\r\n"
            answer = json.dumps({"keys": [public | {"kid": self.kid, "alg": "EdDSA", "use": "sig"}]})
        elif head.startswith("GET /entry "):
            status, more = "200 OK", "Content-Type: application/json\r\n"
            told = {"registration": "open", "verification": True, "providers": {}}
            answer = json.dumps(told | {"password_rule": "At least 15 characters."})
        else:
            await self.speaks.wait()
            status = "429 Too Many Requests"
            more = "Content-Type: application/problem+json\r\nRetry-After: 7\r\n"
            answer = json.dumps({"title": "Slow down", "status": 429, "type": "about:blank"})
        more += f"Content-Length: {len(answer)}\r\nConnection: close\r\n"
        writer.write(f"HTTP/1.1 {status}\r\n{more}\r\n{answer}".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def auth_running() -> AsyncIterator[FakeAuth]:
    auth = FakeAuth()
    async with await asyncio.start_server(auth.handle, "127.0.0.1", auth.port):
        yield auth


class Log(NamedTuple):
    """The broker's URLs."""

    url: str
    stream_url: str


class Gateway:
    """A gateway process of the test's own."""

    def __init__(self, broker: Any, mongodb_url: str, auth: FakeAuth, **settings: str) -> None:
        self.broker, self.mongodb_url, self.auth = broker, mongodb_url, auth
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.metrics_port = free_port()
        self._environment = {
            **os.environ,
            "RABBITMQ_URL": broker.url,
            "STREAM_URL": broker.stream_url,
            "MONGODB_URL": mongodb_url,
            "AUTH_URL": auth.url,
            "GATEWAY_PORT": str(self.port),
            "METRICS_PORT": str(self.metrics_port),
            "HANDOVER_SECRETS": f"test:{'handover' * 4}",
            "LOG_LEVEL": "INFO",
            **settings,
        }
        self.process: asyncio.subprocess.Process | None = None
        self.lines: list[dict[str, Any]] = []
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._spawn()
        await wait_for(self.ready, 60, "the gateway is ready")

    async def ends(self) -> int:
        """Start it only to see it end by itself; its exit code."""
        await self._spawn()
        assert self.process is not None
        async with asyncio.timeout(60):
            code = await self.process.wait()
        assert self._reading is not None
        await self._reading
        return code

    async def _spawn(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", env=self._environment, stdout=asyncio.subprocess.PIPE
        )
        self._reading = asyncio.create_task(self._read())

    async def ready(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.lines[-3:]
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{self.url}/health/ready")).status_code == 200
        except httpx.HTTPError:
            return False

    async def metrics(self) -> str:
        """Return the metrics as Prometheus reads them."""
        async with httpx.AsyncClient(timeout=30.0) as client:
            return (await client.get(f"http://127.0.0.1:{self.metrics_port}/metrics")).text

    async def stop(self, timeout: float = 10.0) -> tuple[int, float]:
        """End it with SIGTERM; its exit code, and how many seconds it took."""
        assert self.process is not None
        began = time.monotonic()
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(timeout):
                code = await self.process.wait()
        except TimeoutError:
            self.process.kill()
            code = await self.process.wait()
        if self._reading:
            await self._reading
        return code, time.monotonic() - began

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    def as_(self, account: str, **token: Any) -> httpx.AsyncClient:
        """A client signed in as this account."""
        return self.with_token(self.auth.token(account, **token))

    def with_token(self, token: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=30.0
        )

    async def tell(self, job_id: str, account: str, *payloads: JobPayload) -> None:
        """Publish events as a worker does."""
        async with Publisher(self.broker.url, name="test") as publisher:
            for payload in payloads:
                await publisher.publish(job_event(payload, job_id=job_id, account=account, source="test"))

    async def convert(
        self,
        job_id: str,
        account: str,
        data: bytes,
        *,
        chunk: int = 1024 * 1024,
        format_: Format = Format.MP3,
        parts: int = 0,
        peaks: bytes = b"",
        pauses: bytes = b"",
        **said: Any,
    ) -> None:
        """Store this as the job's audio and tell of it, as the converter does."""
        audio_id = new_id()
        async with AsyncMongoClient(self.mongodb_url) as client:
            database = client.get_default_database()
            for n, at in enumerate(range(0, len(data), chunk)):
                part = Binary(data[at : at + chunk])
                await database["audio.chunks"].insert_one({"files_id": audio_id, "n": n, "data": part})
            await database["audio.files"].insert_one(
                {
                    "_id": audio_id,
                    "length": len(data),
                    "chunkSize": chunk,
                    "uploadDate": datetime.now(UTC),
                    "filename": "audio.mp3",
                    "metadata": {"account": account, "job_id": job_id, "peaks": Binary(peaks + pauses)},
                }
            )
        measured = {"peaks": len(peaks), "pauses_at": len(peaks), "pauses_bytes": len(pauses)}
        end = replace(converted(audio_id, data, format_, parts), **measured, **said)
        await self.tell(job_id, account, STARTED, end)

    async def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            canaries.hear(f"gateway {self.port}", [line], len(self.lines) + 1)
            self.lines.append(json.loads(line))


@asynccontextmanager
async def gateway_running(
    broker: Any, mongodb_url: str, auth: FakeAuth, **settings: str
) -> AsyncIterator[Gateway]:
    gateway = Gateway(broker, mongodb_url, auth, **settings)
    try:
        await gateway.start()
        yield gateway
    finally:
        if gateway.process is not None:
            await gateway.stop()


STARTED = JobStarted(run=1, attempt=1, worker="test")
FAILED = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="The video has no sound.")


def converted(audio_id: str, data: bytes, format_: Format = Format.MP3, parts: int = 0) -> JobConverted:
    from hashlib import sha256
    from zlib import crc32

    return JobConverted(
        run=1,
        attempt=1,
        audio_id=audio_id,
        bytes=len(data),
        sha256=sha256(data).hexdigest(),
        crc32=crc32(data),
        duration_seconds=1.5,
        bit_rate=192_000,
        sample_rate=44_100,
        channels=2,
        seconds_spent=0.1,
        engine="test",
        format=format_,
        parts=parts,
    )
