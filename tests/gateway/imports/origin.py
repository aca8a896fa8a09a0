"""A web server that offers files, and misbehaves as a test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

from infra.local.ports import free_port


@dataclass
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]

    @property
    def first(self) -> int:
        """The first byte that is asked for."""
        return int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))


Reply = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Origin:
    """Replies by path; what was asked for stands in `asked`."""

    port: int = field(default_factory=free_port)
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str, reply: Reply) -> str:
        self.replies[path.partition("?")[0]] = reply
        return self.url(path)

    def of(self, path: str) -> list[Asked]:
        return [each for each in self.asked if each.path.partition("?")[0] == path]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            parted = (each.partition(":") for each in lines[1:])
            headers = {name.lower(): value.strip() for name, _, value in parted}
            asked = Asked(lines[0].split(" ")[1], headers)
            self.asked.append(asked)
            await self.replies.get(asked.path.partition("?")[0], plain(404))(asked, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def origin_running() -> AsyncIterator[Origin]:
    origin = Origin()
    async with await asyncio.start_server(origin.handle, "127.0.0.1", origin.port):
        yield origin


def head(status: int, **fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", "Connection: close", f"Date: {formatdate(usegmt=True)}"]
    return "\r\n".join([*lines, *(f"{n.replace('_', '-')}: {v}" for n, v in fields.items()), "", ""]).encode()


def plain(status: int, body: bytes = b"", **fields: str) -> Reply:
    """Answer with this, whatever is asked for."""

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, Content_Length=str(len(body)), **fields) + body)
        await writer.drain()

    return reply


def file(data: bytes, *, etag: str = '"1"', cuts: tuple[int, ...] = (), **fields: str) -> Reply:
    """Offer a file by ranges; the first answers break off at these places of the file."""
    left = list(cuts)

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        first = asked.first if etag and asked.headers.get("if-range") == etag else 0
        shown = {"Content_Type": "video/mp4", "Content_Length": str(len(data) - first), **fields}
        shown |= {"ETag": etag} if etag else {}
        if first:
            shown["Content_Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        writer.write(head(206 if first else 200, **shown))
        writer.write(data[first : left.pop(0)] if left else data[first:])
        await writer.drain()

    return reply
