"""Ids that were shortened, looked up in the log."""

import contextlib
from collections.abc import Callable

from cli.ids import WHOLE, meant
from cli.log.log import Log
from events.envelope import Event, decode
from events.errors import InvalidEvent
from events.log.stream import First
from events.payload import Aggregate


async def job_meant(log: Log, text: str) -> str:
    """Return the id of the job that is meant; `text` itself if the log knows none. Raises WrongArgument."""
    return await _meant(log, text, "job", lambda e: e.subject if e.aggregate is Aggregate.JOB else "")


async def account_meant(log: Log, text: str) -> str:
    """Return the id of the account that is meant; `text` if the log knows none. Raises WrongArgument."""
    return await _meant(log, text, "account", lambda e: e.account)


async def _meant(log: Log, text: str, what: str, id_of: Callable[[Event], str]) -> str:
    ends = await log.ends() if len(text) < WHOLE else None
    if ends is None:
        return text
    needle, found = text.encode(), set()
    async with contextlib.aclosing(log.read(First(), ends.last)) as batches:
        async for batch in batches:
            for record in batch:
                if needle in record.body:
                    with contextlib.suppress(InvalidEvent):
                        found.add(id_of(decode(record.body)))
    return meant(text, found, what) or text
