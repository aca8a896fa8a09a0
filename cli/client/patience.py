"""Trouble on the way to a gateway, and the time for which it is borne."""

import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from cli.client.errors import RequestRefused, Unreachable
from events.errors import in_words

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds without any answer after which a broken connection is given up."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0

_STALLED = 408
_SPENT = ("jobs_today", "audio_seconds", "bytes_stored")
"""Limits, as the gateway's problems name them, that do not pass in a minute."""
_LASTING = (501, 507)
"""Not done here, and no room: waiting changes neither."""


class Trouble:
    """Trouble that lasts, and how long it may: from its first moment until something has come through."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.over()

    def over(self) -> None:
        """Forget all: something has come through."""
        self._until: float | None = None
        self._pause = _FIRST_PAUSE

    def wait(self, error: httpx.TransportError | RequestRefused) -> None:
        """Wait a moment before the next try. Raises Unreachable, or the refusal, after PATIENCE seconds."""
        now = time.monotonic()
        self._until = now + PATIENCE if self._until is None else self._until
        if now > self._until:
            if isinstance(error, RequestRefused):
                raise error
            raise Unreachable(f"{self._url} does not answer any more: {why(error)}") from error
        time.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)


def is_passing(error: httpx.TransportError | RequestRefused) -> bool:
    """Return True if the same may work in a moment."""
    if isinstance(error, httpx.TransportError):
        return True
    return error.status == _STALLED or (error.status >= 500 and error.status not in _LASTING)


def is_spent(error: RequestRefused) -> bool:
    """Return True if the account has used up what it may have in a day, or may store."""
    return error.problem.get("limit") in _SPENT


def why(error: httpx.RequestError) -> str:
    """Return in words what was wrong with a connection."""
    return in_words(str(error)) or type(error).__name__


def patiently(ask: Callable[[], T]) -> T:
    """Ask again while the gateway is away, for PATIENCE seconds. Raises what `ask` raises."""
    deadline, pause = time.monotonic() + PATIENCE, _FIRST_PAUSE
    while True:
        try:
            return ask()
        except (httpx.TransportError, Unreachable, RequestRefused) as error:
            if isinstance(error, RequestRefused) and not is_passing(error):
                raise
            if time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
