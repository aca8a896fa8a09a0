"""Ask an address that a stranger named.

By httpcore and not by httpx: it follows nothing, unpacks nothing, keeps no cookies, and reads neither proxies
nor passwords from the environment. What is not there cannot be turned on by mistake. It trusts
the authorities that httpx trusts (`SSL_CERT_FILE`).
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import httpcore
import httpx
from msgspec import Struct, field
from msgspec.structs import replace

from service.outbound.backend import GuardedBackend
from service.outbound.errors import BadAnswer, TLSFailed, TooSlow, Unreachable
from service.outbound.guard import Guard
from service.outbound.urls import Target, read

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONNECTIONS = 64
"""At once; more wait."""


class Patience(Struct, frozen=True):
    """Seconds that a stranger has."""

    connect: float = 10.0
    """To take a connection. The look-up of the name has as long."""
    answer: float = 20.0
    """From the beginning of a request to the end of its answer's headers."""
    idle: float = 20.0
    """Between two pieces of an answer."""
    total: float | None = None
    """For everything, redirects and the reading of the answer too."""


class Call(Struct, frozen=True):
    """One request. `redirects` is how many may be followed; then the body must be empty."""

    target: Target
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    redirects: int = 0


class Answer:
    """The answer to a request. Nothing is unpacked: see `Content-Encoding`."""

    def __init__(self, target: Target, response: httpcore.Response) -> None:
        """`target` is the one that answered, after redirects."""
        self.target, self._response = target, response
        self.status = response.status
        self.headers = httpx.Headers(response.headers)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes. Raises NoAnswer where it ends early."""
        with _translated():
            try:
                async for piece in self._response.aiter_stream():
                    yield piece
            except ssl.SSLError as error:  # the host had proved before who it is
                raise Unreachable("the host lost the connection") from error

    async def read(self, longest: int) -> bytes:
        """Return the body. Raises BadAnswer beyond `longest` bytes, NoAnswer where it ends early."""
        body = bytearray()
        async for piece in self.pieces():
            body += piece
            if len(body) > longest:
                raise BadAnswer(f"the answer is longer than {longest:,} bytes")
        return bytes(body)

    async def aclose(self) -> None:
        """End it, whole or not."""
        await self._response.aclose()


class Outbound:
    """The one way out to addresses of strangers. Each request has a connection of its own."""

    def __init__(self, guard: Guard, patience: Patience | None = None) -> None:
        self._guard, self._patience = guard, patience or Patience()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=_CONNECTIONS,
            max_keepalive_connections=0,
            network_backend=GuardedBackend(guard),
        )

    async def check(self, url: str) -> Target:
        """Read a URL, and look whether a request may go there now. Raises Refused."""
        target = read(url)
        await self._guard.check(target)
        return target

    @asynccontextmanager
    async def ask(self, call: Call) -> AsyncIterator[Answer]:
        """Send a request; the answer is there while the context is open.

        Raises Refused and NoAnswer, also inside of the context, when the total of time is over.
        """
        try:
            async with asyncio.timeout(self._patience.total) as time:
                answer = await self._follow(call)
                try:
                    yield answer
                finally:
                    await answer.aclose()
        except TimeoutError:
            if not time.expired():
                raise
            raise TooSlow("the answer was not there in time") from None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def _follow(self, call: Call) -> Answer:
        for _ in range(call.redirects):
            answer = await self._send(call)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None:
                return answer
            await answer.aclose()
            call = replace(call, target=call.target.redirected(location))
        answer = await self._send(call)
        if call.redirects and answer.status in _REDIRECTS:
            await answer.aclose()
            raise BadAnswer("the address redirects too often")
        return answer

    async def _send(self, call: Call) -> Answer:
        headers = {"Host": call.target.authority, "Accept-Encoding": "identity", **call.headers}
        if call.body:
            headers["Content-Length"] = str(len(call.body))
        request = httpcore.Request(
            call.method,
            httpcore.URL(
                scheme=call.target.scheme,
                host=call.target.host,
                port=call.target.port,
                target=call.target.path,
            ),
            headers=list(headers.items()),
            content=call.body,
            extensions={"timeout": self._timeouts()},
        )
        with _translated():
            try:
                async with asyncio.timeout(self._patience.answer):
                    return Answer(call.target, await self._pool.handle_async_request(request))
            except TimeoutError:
                raise TooSlow("there was no answer in time") from None

    def _timeouts(self) -> Mapping[str, float]:
        patience = self._patience
        return {
            "connect": patience.connect,
            "read": patience.idle,
            "write": patience.idle,
            "pool": patience.answer,
        }


@contextmanager
def _translated() -> Iterator[None]:
    """Raise httpcore's errors as ours, and those of TLS that it lets through while it reads."""
    try:
        yield
    except ssl.SSLError as error:
        raise TLSFailed("the host's certificate or its TLS is not good") from error
    except httpcore.TimeoutException as error:
        raise TooSlow("there was no answer in time") from error
    except httpcore.NetworkError as error:
        if _by_tls(error):
            raise TLSFailed("the host's certificate or its TLS is not good") from error
        raise Unreachable("the host takes no connection, or lost it") from error
    except httpcore.ProtocolError as error:
        raise BadAnswer("what came is no answer of HTTP") from error


def _by_tls(error: BaseException | None) -> bool:
    """Return True if an error of TLS came before: httpcore's pool drops what an error is raised from."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__context__
    return error is not None
