"""The job that is meant: by its id, by the beginning of it, or as `@-1`, the last one."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.ids import WHOLE, meant
from cli.jobs.choice.pages import listed
from cli.pretty import visible
from cli.times import timestamp
from events.projections.job_view import State

_FROM_THE_LAST = re.compile(r"@-([1-9]\d{0,4})")
_UPLOAD = timedelta(days=1)
"""A job's id is made when its upload begins, and it counts as created when that has ended."""
_SKEW = timedelta(minutes=1)


class Id(Struct, frozen=True):
    """A job's id."""

    job_id: str


def job_meant(gateway: Gateway, text: str) -> str:
    """Return the id. Raises NothingFound, and WrongArgument when it may be several."""
    if not text:
        raise NothingFound("an empty id is that of no job; @-1 is the last one")
    if back := _FROM_THE_LAST.fullmatch(text):
        return _from_the_last(gateway, int(back[1]))
    if len(text) >= WHOLE:
        return text
    for filters in (times_of(text), {**times_of(text), "state": State.DELETED.value}):
        if found := meant(text, _beginning_with(gateway, text, filters), "job"):
            return found
    raise NothingFound(f"you have no job whose id begins with {visible(text)}")


def _from_the_last(gateway: Gateway, place: int) -> str:
    found = [msgspec.json.decode(item, type=Id).job_id for item in listed(gateway, {}, place)]
    if len(found) < place:
        raise NothingFound(f"there is no job @-{place}: you have {len(found):,}")
    return found[-1]


def times_of(text: str) -> dict[str, str]:
    """Return filters for the jobs whose ids may begin so. An id begins with its time (RFC 9562, 5.7).

    Raises NothingFound where no id does.
    """
    if not re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]*|[0-9a-f]{1,8}", text):
        raise NothingFound(f"no job's id begins with {visible(text)}; @-1 is the last one")
    digits = text.replace("-", "")[:12]
    first, last = (int(digits.ljust(12, fill), 16) / 1000 for fill in "0f")
    try:
        since = datetime.fromtimestamp(first, UTC) - _SKEW
    except (ValueError, OverflowError):
        raise NothingFound(f"no job's id begins with {text}") from None
    try:
        until = datetime.fromtimestamp(last, UTC) + _UPLOAD
    except (ValueError, OverflowError):  # no calendar here has it
        return {"since": timestamp(since)}
    return {"since": timestamp(since), "until": timestamp(until)}


def _beginning_with(gateway: Gateway, text: str, filters: Mapping[str, str]) -> Iterator[str]:
    for item in listed(gateway, filters):
        job_id = msgspec.json.decode(item, type=Id).job_id
        if job_id < text:  # newest first: none of the others begins so
            return
        yield job_id
