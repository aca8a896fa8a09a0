"""A client of the gateway that adds as little of its own as it can, and knows when it saw what."""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from bench.measure import BenchFailed

PATIENCE = 600.0
"""Seconds to wait for an event or an answer."""
_BOUNDARY = "tonearm-bench"


class _Event(Struct):
    """The fields of an event that are read; progress has none of them."""

    id: str = ""
    type: str = ""
    subject: str = ""


class Client:
    """One account at one gateway. Bodies are given in blocks with their whole size."""

    def __init__(self, http: httpx.AsyncClient, account: str) -> None:
        self._http, self.account = http, account

    async def put(self, name: str, blocks: Iterable[bytes], size: int) -> str:
        """Upload by PUT and return the job's id."""
        return await self._send("PUT", f"/upload/{name}", blocks, {"Content-Length": str(size)})

    async def form(self, name: str, blocks: Iterable[bytes], size: int) -> str:
        """Upload as a form, like a browser (RFC 7578), and return the job's id."""
        head = (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: video/mp4\r\n\r\n"
        ).encode()
        tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
            "Content-Length": str(len(head) + size + len(tail)),
        }
        return await self._send("POST", "/upload", [head, *blocks, tail], headers)

    async def tus(self, name: str, blocks: Iterable[bytes], size: int) -> str:
        """Upload by tus, in one piece, and return the job's id."""
        tus = {"Tus-Resumable": "1.0.0"}
        metadata = {"Upload-Metadata": f"filename {b64encode(name.encode()).decode()}"}
        created = await self._http.post("/files", headers={**tus, **metadata, "Upload-Length": str(size)})
        path = f"/files/{_checked(created).headers['Location'].rpartition('/')[2]}"
        piece = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        await self._answer("PATCH", path, blocks, {**tus, **piece, "Content-Length": str(size)})
        return path.rpartition("/")[2]

    async def job(self, job_id: str) -> dict[str, Any]:
        """Return the job's view as its owner sees it."""
        return dict(_checked(await self._http.get(f"/jobs/{job_id}")).json())

    @asynccontextmanager
    async def watching(self) -> AsyncIterator["Watch"]:
        """Follow all events of the account from now on, for the block."""
        headers = {"Accept": "text/event-stream"}
        async with self._http.stream("GET", "/events", headers=headers) as answer:
            _checked(answer)
            lines = answer.aiter_lines()
            await anext(lines)  # the gateway's first line comes once the subscription stands
            watch = Watch()
            following = asyncio.create_task(watch.follow(lines))
            try:
                yield watch
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _send(self, method: str, path: str, blocks: Iterable[bytes], headers: dict[str, str]) -> str:
        return str((await self._answer(method, path, blocks, headers)).json()["job_id"])

    async def _answer(
        self, method: str, path: str, blocks: Iterable[bytes], headers: dict[str, str]
    ) -> httpx.Response:
        async def body() -> AsyncIterator[bytes]:
            for block in blocks:
                yield block

        return _checked(await self._http.request(method, path, content=body(), headers=headers))


class Watch:
    """The time at which each event was first seen (`time.perf_counter`)."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, str]] = {}
        self._waiting: dict[str, asyncio.Future[tuple[float, str]]] = {}

    async def follow(self, lines: AsyncIterator[str]) -> None:
        """Read the stream of server-sent events until it ends."""
        decode = msgspec.json.Decoder(_Event).decode
        async for line in lines:
            if line.startswith("data: "):
                now = time.perf_counter()
                event = decode(line[6:])
                self._note(event.id, now, event.type)
                if event.type in ("job.converted", "job.failed"):
                    self._note(event.subject, now, event.type)

    async def event(self, event_id: str) -> float:
        """Return when the event was seen, waiting for it."""
        return (await self._wait(event_id))[0]

    async def converted(self, job_id: str) -> float:
        """Return when the job's end was seen. Raises BenchFailed when it failed."""
        at, type_ = await self._wait(job_id)
        if type_ != "job.converted":
            raise BenchFailed(f"job {job_id} failed; it should have been converted")
        return at

    async def ended(self, job_ids: Iterable[str]) -> None:
        """Return once each of the jobs has ended, well or not."""
        for job_id in job_ids:
            await self._wait(job_id)

    def _note(self, name: str, at: float, type_: str) -> None:
        found = self._seen.setdefault(name, (at, type_))
        if (waiting := self._waiting.pop(name, None)) and not waiting.done():
            waiting.set_result(found)

    async def _wait(self, name: str) -> tuple[float, str]:
        if name in self._seen:
            return self._seen[name]
        waiting = self._waiting.setdefault(name, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(PATIENCE):
                return await waiting
        except TimeoutError as error:
            raise BenchFailed(f"nothing was heard of {name} for {PATIENCE:.0f} s") from error


@asynccontextmanager
async def signed_in(environment: Mapping[str, str]) -> AsyncIterator[Client]:
    """Sign in at a local stack as its first admin, for the block. Raises BenchFailed."""
    # No proxy of the environment: this is about this machine. No limit: what is slow shall be measured.
    http = httpx.AsyncClient(base_url=environment["PUBLIC_URL"], trust_env=False, timeout=PATIENCE)
    async with http:
        credentials = (environment["ADMIN_EMAIL"], environment["ADMIN_PASSWORD"])
        token = _checked(await http.post("/login", auth=credentials)).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        claims = _checked(await http.post(f"{environment['AUTH_URL']}/validate")).json()
        yield Client(http, claims["sub"])


def _checked(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise BenchFailed(
            f"{answer.request.method} {answer.request.url.path} was answered {answer.status_code}"
        )
    return answer
