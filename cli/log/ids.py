"""Ids that were shortened, or counted from the end, looked up in the log."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from cli.ids import WHOLE, at_the_end, from_the_end, meant
from cli.log.log import Log
from events.envelope import Event, decode
from events.errors import InvalidEvent
from events.log.bounds import Bounds
from events.log.stream import First, FromOffset, Start
from events.payload import Aggregate
from events.types import JobUploaded

_SPAN = 1000
"""Offsets before the log's end in which the last jobs are looked for at first."""


async def job_meant(log: Log, text: str) -> str:
    """Return the id of the job that is meant: see `jobs_meant`."""
    [job_id] = await jobs_meant(log, [text])
    return job_id


async def jobs_meant(log: Log, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the jobs that are meant, each once: by their beginnings, or `@-1` for the last one.

    A text stays as it is if the log knows no such job. Raises WrongArgument, NothingFound.
    """
    places = [place for place in map(from_the_end, texts) if place]
    last = await _last_jobs(log, max(places)) if places else []
    known = await _known(
        log,
        [text for text in texts if len(text) < WHOLE and not from_the_end(text)],
        lambda event: event.subject if event.aggregate is Aggregate.JOB else "",
    )
    found = [
        at_the_end(place, last, "job") if (place := from_the_end(text)) else meant(text, known, "job") or text
        for text in texts
    ]
    return tuple(dict.fromkeys(found))


async def account_meant(log: Log, text: str) -> str:
    """Return the id of the account that is meant; `text` if the log knows none. Raises WrongArgument."""
    known = await _known(log, [text] if len(text) < WHOLE else [], lambda event: event.account)
    return meant(text, known, "account") or text


async def _known(log: Log, texts: Sequence[str], id_of: Callable[[Event], str]) -> set[str]:
    """Return the ids in the log that may be meant by these texts."""
    ends = await log.ends() if texts else None
    if ends is None:
        return set()
    marks = [text.encode(errors="surrogateescape") for text in texts]  # a shell may give any bytes
    return {id_of(event) async for event in _events(log, First(), ends, marks)}


async def _last_jobs(log: Log, count: int) -> list[str]:
    """Return the last jobs whose upload is in the log, oldest first: at least so many, if there are."""
    ends = await log.ends()
    if ends is None:
        return []
    span = max(_SPAN, 10 * count)
    while True:
        start = max(ends.first, ends.last - span)
        mark = JobUploaded.TYPE.encode()
        uploads = [event async for event in _events(log, FromOffset(start), ends, [mark])]
        found = dict.fromkeys(event.subject for event in uploads if event.type == JobUploaded.TYPE)
        if len(found) >= count or start == ends.first:
            return list(found)
        span *= 8


async def _events(log: Log, start: Start, ends: Bounds, marks: Sequence[bytes]) -> AsyncIterator[Event]:
    async with contextlib.aclosing(log.read(start, ends.last, marks)) as batches:
        async for batch in batches:
            for record in batch:
                with contextlib.suppress(InvalidEvent):
                    yield decode(record.body)
