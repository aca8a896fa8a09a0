"""Asks a gateway and listens to it, in threads of its own, and reports what comes as news."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from cli.client.answers import read_as
from cli.client.errors import (
    ClientError,
    CredentialsMissing,
    NotAsItStands,
    RequestRefused,
    Troubled,
    Unreachable,
)
from cli.client.event_stream import messages
from cli.client.gateway import Gateway, unreachable
from cli.times import timestamp
from cli.top.answers import AnyJob, AnyJobs, Event, History, Overview, ParkedItems
from cli.top.news import Away, Ended, GivenUp, Heard, Listening, Looked, Met, News, Remembered, Said, Told
from cli.top.sight import Wish
from events.errors import TonearmError

T = TypeVar("T")
Say = Callable[[News], None]

_FIRST = "1000"
"""Events that are told at the beginning, the most that there can be."""
_PATIENCE = 6.0
"""Seconds in which a gateway answers that is not away. It gives its own servers three."""
_AGAIN = 2.0
"""Seconds before a stream that broke off is asked for again."""
_PAUSE = 0.5
_EVERY = {"history": 30.0, "failed": 60.0, "parked": 30.0, "names": 3.0}
"""Seconds between two questions of a kind."""
_PASSING = (Unreachable, NotAsItStands, Troubled)
_DEEDS = {"cancel": ("cancel", "cancelled"), "repeat": ("requeue", "runs again")}


def looked(gateway: Gateway) -> Looked:
    """Return how the system is now. Raises ClientError."""
    overview = _asked(gateway, "/admin/overview", Overview)
    return Looked(datetime.now(UTC), overview)


def remembered(gateway: Gateway) -> Remembered:
    """Return the numbers of the last hour. Raises ClientError."""
    since = timestamp(datetime.now(UTC) - timedelta(hours=1), "seconds")
    return Remembered(_asked(gateway, "/admin/history", History, since=since, step="60"))


def met(gateway: Gateway, state: str, limit: int) -> Met:
    """Return the newest jobs in a state. Raises ClientError."""
    return Met(_asked(gateway, "/admin/jobs", AnyJobs, state=state, limit=str(limit)).items, state)


class Watch:
    """Asks every so many seconds, listens, and does what is wished for."""

    def __init__(self, gateway: Gateway, every: float, say: Say) -> None:
        self._gateway, self._every, self._say = gateway, every, say
        self._stop = threading.Event()
        self._wishes: SimpleQueue[Wish] = SimpleQueue()
        self._due = dict.fromkeys(_EVERY, 0.0)
        self._overview: Overview | None = None
        self._met: set[str] = set()
        self._parked = 0

    @contextmanager
    def going(self) -> Iterator[None]:
        """Say news during the block. A request that is under way at its end is not waited for."""
        for work in (self._look_on, self._look_further_on, self._listen, self._do):
            threading.Thread(target=self._guarded, args=(work,), name="top", daemon=True).start()
        try:
            yield
        finally:
            self._stop.set()

    def wish(self, wish: Wish) -> None:
        """Have something asked for; the answer is news."""
        self._wishes.put(wish)

    def _guarded(self, work: Callable[[], None]) -> None:
        """Run a thread's work. What ends it ends the cockpit, unless that is over already."""
        try:
            work()
        except TonearmError as error:
            self._tell(Ended(error))
        except RuntimeError:
            if not self._stop.is_set():  # the client is closed while a thread still reads from it
                raise

    def _tell(self, news: News) -> None:
        if not self._stop.is_set():
            self._say(news)

    def _look_on(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                news = looked(self._gateway)
                self._overview = news.overview
                self._tell(news)
            except _PASSING as error:
                self._tell(Away(datetime.now(UTC), str(error)))
            self._stop.wait(max(0.1, self._every - (time.monotonic() - began)))

    def _look_further_on(self) -> None:
        """Ask for what changes less often, or is not known yet: a slow answer holds up no look."""
        while not self._stop.is_set():
            for what, asked in self._further().items():
                if time.monotonic() >= self._due[what]:
                    try:
                        self._tell(asked())
                        self._due[what] = time.monotonic() + _EVERY[what]
                    except _PASSING:  # the looks tell of it
                        self._due[what] = time.monotonic() + _AGAIN
            self._stop.wait(_PAUSE)

    def _further(self) -> dict[str, Callable[[], News]]:
        """Return what else is to be asked for, as the system stands."""
        overview = self._overview
        wanted: dict[str, Callable[[], News]] = {
            "history": lambda: remembered(self._gateway),
            "failed": lambda: met(self._gateway, "failed", 50),
        }
        if overview is None:
            return wanted
        subjects = {work.subject for worker in overview.workers for work in worker.working_on}
        if not subjects <= self._met:
            wanted["names"] = lambda: self._meet(subjects)
        parked = sum(each.parked for each in overview.queues or ())
        if parked != self._parked:
            wanted["parked"] = lambda: self._given_up(parked)
        return wanted

    def _meet(self, subjects: set[str]) -> Met:
        """Ask for the files' names of jobs under way. One that is not found is not asked for again."""
        found = met(self._gateway, "converting", 200)
        self._met = subjects
        return found

    def _given_up(self, parked: int) -> GivenUp:
        """Ask why work was given up, only when its number changes: the gateway takes it and hands it back."""
        items = _asked(self._gateway, "/admin/parked", ParkedItems).items if parked else ()
        self._parked = parked
        return GivenUp(items)

    def _listen(self) -> None:
        headers, query = {"Accept": "text/event-stream"}, {"last": _FIRST}
        while not self._stop.is_set():
            try:
                with self._gateway.asking("GET", "/admin/events", params=query, headers=headers) as answer:
                    self._tell(Listening())
                    for message in messages(answer.iter_lines()):
                        if self._stop.is_set():
                            return
                        if message.id:
                            headers["Last-Event-ID"] = message.id
                        if (event := _event(message.data)) is not None:
                            self._tell(Heard(event))
            except (httpx.TransportError, httpx.StreamError):
                pass  # who asks for the overview tells of it
            except RequestRefused as error:
                if not isinstance(error, _PASSING):
                    raise
            self._stop.wait(_AGAIN)

    def _do(self) -> None:
        while not self._stop.is_set():
            wish = self._wishes.get()
            path = f"/admin/jobs/{quote(wish.job_id, safe='')}"
            try:
                if wish.what == "show":
                    self._tell(Told(_asked(self._gateway, path, AnyJob)))
                    continue
                verb, done = _DEEDS[wish.what]
                with unreachable(self._gateway.url), self._gateway.asking("POST", f"{path}/{verb}") as answer:
                    self._tell(Told(read_as(answer, AnyJob)))
                self._tell(Said(f"{wish.name}: {done}."))
            except (ClientError, CredentialsMissing) as error:
                self._tell(Said(f"{wish.name}: {error}", is_bad=True))


def _asked(gateway: Gateway, path: str, kind: type[T], **query: Any) -> T:
    with unreachable(gateway.url), gateway.asking("GET", path, params=query, timeout=_PATIENCE) as answer:
        return read_as(answer, kind)


def _event(data: str) -> Event | None:
    try:
        return msgspec.json.decode(data, type=Event)
    except msgspec.DecodeError:  # no event: a comment of the stream's own
        return None
