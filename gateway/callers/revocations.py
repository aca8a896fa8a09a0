"""The sessions and accounts that auth has revoked, read from the log: their tokens are void.

Reading begins as long ago as a token may live, so a process that has just started knows as much as others.
This reader is separate from that of the live jobs: a revocation must not wait until the views have caught up.
"""

import time
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime

import structlog

from events.envelope import decode
from events.errors import InvalidEvent, Unavailable
from events.ids import earliest_id
from events.log.bounds import newest
from events.log.reader import StreamReader
from events.log.stream import FromTime, RawRecord
from events.types import LONGEST_TOKEN, AccountRevoked
from gateway.log_follower import LogFollower

log = structlog.get_logger()

_MARGIN = 60.0
"""Seconds by which the clocks of auth, broker and gateway may differ."""
_ONLY = AccountRevoked.TYPE.encode()


class Revoked:
    """The revoked sessions and accounts, each until no token can be left. Pure: time is an argument."""

    def __init__(self) -> None:
        self._sessions: dict[str, float] = {}
        self._accounts: dict[str, tuple[str, float]] = {}

    def __len__(self) -> int:
        return len(self._sessions) + len(self._accounts)

    def learn(self, account: str, time_: datetime, revoked: AccountRevoked) -> None:
        """Take in one event. Sessions begun after an account's revocation are good."""
        forget = time_.timestamp() + LONGEST_TOKEN + _MARGIN
        for session in revoked.sessions:
            self._sessions[session] = forget
        if not revoked.sessions:
            before, _ = self._accounts.get(account, ("", 0.0))
            self._accounts[account] = (max(before, earliest_id(time_)), forget)

    def holds(self, account: str, session: str) -> bool:
        """Return True if this session is void. Session ids sort by the time they began."""
        before, _ = self._accounts.get(account, ("", 0.0))
        return session in self._sessions or session < before

    def forget(self, now: float) -> None:
        """Drop the entries of which no token can be left."""
        self._sessions = {key: until for key, until in self._sessions.items() if until > now}
        self._accounts = {key: each for key, each in self._accounts.items() if each[1] > now}


class Revocations(LogFollower):
    """Follows the log for revocations."""

    def __init__(
        self,
        stream_url: str,
        on_revoked: Callable[[str], None] = lambda _: None,
        on_state: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`on_revoked` receives the account's id, `on_state` the reader's state (see `StreamReader`)."""
        super().__init__("revocations", pause=1.0)
        self._stream_url, self._on_revoked, self._heard = stream_url, on_revoked, on_state
        self._revoked, self._target = Revoked(), -1
        self.complete = False
        """True once all revocations from before the process began were read."""

    def holds(self, account: str, session: str) -> bool:
        """Return True if this session is void. Raises Unavailable as long as that is not known."""
        if not self.complete:
            raise Unavailable("it is not known yet who has signed out; try again in a moment")
        return self._revoked.holds(account, session)

    async def _follow(self) -> None:
        since = time.time() - LONGEST_TOKEN - _MARGIN
        last = await newest(self._stream_url)
        # A log without anything so new has nothing to deliver, and nothing in it would count.
        self._target = last.offset if last and last.chunk_time >= since else -1
        start = FromTime(datetime.fromtimestamp(since, UTC))
        reader = StreamReader(self._stream_url, start, name="revocations", on_state=self._on_state)
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                for record in batch:
                    if _ONLY in record.body:
                        self._learn(record)
                self._settle(batch[-1].offset)
                self._revoked.forget(time.time())

    def _learn(self, record: RawRecord) -> None:
        try:
            event = decode(record.body)
            payload = event.payload()
        except InvalidEvent as error:
            log.error("event_invalid", offset=record.offset, error=error.reason)
            return
        if isinstance(payload, AccountRevoked):
            self._revoked.learn(event.account, event.time, payload)
            self._on_revoked(event.account)

    def _settle(self, offset: int) -> None:
        if offset >= self._target:
            self.complete, self.trouble = True, None

    def _on_state(self, state: str) -> None:
        self._heard(state)
        if state != "connected":
            self.trouble = f"the log: {state}"
        elif self.complete or self._target < 0:
            self._settle(self._target)
