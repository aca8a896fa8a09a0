"""The log of a gateway elsewhere, which shows it to its administrators (`GET /admin/events`)."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import httpx

from cli.client.errors import RequestRefused, Unreachable
from cli.client.event_stream import Message, messages
from cli.client.gateway import Gateway, unreachable
from cli.ids import WHOLE
from cli.tail.arguments import Wish
from cli.tail.filters import Filter
from cli.tail.parser import parse_event
from cli.tail.record import Record
from cli.tail.sources.threads import from_thread
from cli.times import timestamp
from events.errors import in_words

_MOST = 1000
"""Events that the gateway gives from the end on."""
_PAUSE = 0.5
"""Seconds before it is asked again."""
_TRIES = 100
"""Answers that may break off before the end of the log."""
_PASSING = (429, 500, 502, 503, 504)
"""Refusals that pass: a gateway still counts a stream that broke off, or it is being replaced."""
_SKEW = timedelta(minutes=1)
"""The clocks of those who tell events may differ by this much."""
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_CONNECTED = Message("connected", "")
_MAGIC = frozenset("*?[")

Parameters = list[tuple[str, str]]


class GatewayLog:
    """One reading of the log over HTTP (an `Events`)."""

    def __init__(self, gateway: Gateway, narrow: Parameters, say: Callable[[str], None]) -> None:
        """`narrow` are filters that the gateway applies. `say` learns of connections lost and regained."""
        self._gateway, self._say = gateway, say
        self._narrow: Parameters = [*narrow, ("include", "arguments")]
        self._began = datetime.now(UTC)
        self._after = ""
        self._before = datetime.min.replace(tzinfo=UTC)

    async def history(self, since: datetime | None, last: int | None, keep: Filter) -> AsyncIterator[Record]:
        """Yield what the log holds that `keep` holds for, from about `since` on, or only the last so many."""
        if last is None or since is not None:
            async for record in self._held(_from(since)):
                if keep(record):
                    yield record
            return
        span = 2 * last + 1
        while True:
            beginning = [("last", str(span))] if span <= _MOST else _from(None)
            found = self._held(beginning if last else [])
            kept = deque([record async for record in found if keep(record)], maxlen=last)
            if len(kept) == last or span > _MOST:
                break
            span *= 8
        for record in kept:
            yield record

    async def live(self) -> AsyncIterator[list[Record]]:
        """Yield what comes after the history, for ever. Raises ClientError."""
        lost = False
        while True:
            beginning = [] if self._after else [("since", timestamp(self._began))]
            try:
                async with aclosing(self._told(beginning)) as told:
                    async for message in told:
                        if lost:
                            self._say(f"{self._gateway.url}: reconnected")
                        lost = False
                        if message is not _CONNECTED:
                            yield [self._record(message)]
            except (httpx.TransportError, RequestRefused) as error:
                if isinstance(error, RequestRefused) and error.status not in _PASSING:
                    raise
                if not lost:
                    why = in_words(str(error)) or type(error).__name__
                    self._say(f"{self._gateway.url}: disconnected ({why}), reconnecting")
                lost = True
            await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        """There is nothing to close: its connections end with the gateway's."""

    async def _held(self, beginning: Parameters) -> AsyncIterator[Record]:
        """Yield what the log holds now. Raises ClientError."""
        self._after = ""
        with unreachable(self._gateway.url):
            for _ in range(_TRIES):  # a token that ends, or a gateway that is replaced, ends the answer, too
                part = [("follow", "false")] if self._after else [*beginning, ("follow", "false")]
                async with aclosing(self._told(part)) as told:
                    async for message in told:
                        if message.type == "end":
                            self._after = message.id
                            return
                        if message is not _CONNECTED:
                            yield self._record(message)
                await asyncio.sleep(_PAUSE)
        raise Unreachable(f"{self._gateway.url} breaks off its log again and again")

    async def _told(self, parameters: Parameters) -> AsyncGenerator[Message, None]:
        async for message in from_thread(lambda: self._asked(parameters, self._after), "tail elsewhere"):
            yield message

    def _asked(self, parameters: Parameters, after: str) -> Iterator[Message]:
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": after} if after else {})}
        asking = self._gateway.asking(
            "GET", "/admin/events", params=[*self._narrow, *parameters], headers=headers
        )
        with asking as answer:
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                raise Unreachable(f"{self._gateway.url} answers, but not with its log: is it a gateway?")
            yield _CONNECTED
            yield from messages(answer.iter_lines())

    def _record(self, message: Message) -> Record:
        self._after = message.id or self._after
        offset = int(message.id) if message.id.isdecimal() else 0
        record = parse_event(offset, message.data.encode(), self._before)
        self._before = record.time
        return record


def _from(since: datetime | None) -> Parameters:
    return [("since", timestamp(max(since, _EARLIEST + _SKEW) - _SKEW if since else _EARLIEST))]


def narrowed(wish: Wish) -> Parameters:
    """Return the filters that the gateway can apply: types, or all that begin so; accounts by whole ids.

    Of a job all is wanted, as its story has to be known before any of it is chosen.
    """
    if wish.job:
        return []
    begins = [each.removesuffix("*") if each.endswith(".*") else each for each in wish.type_]
    narrow = [("type", each) for each in begins] if not any(_MAGIC & set(each) for each in begins) else []
    if all(len(each) == WHOLE for each in wish.account):
        narrow += [("account", each) for each in wish.account]
    return narrow
