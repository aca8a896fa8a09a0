"""Which jobs are meant: by their ids, or by what they have in common."""

import argparse
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from cli.client.answers import Job, read_as
from cli.client.gateway import Gateway
from cli.errors import NothingFound, WrongArgument
from cli.ids import WHOLE, meant
from cli.options import pair
from cli.times import EXAMPLES, point_in_time, timestamp
from events.projections.job_view import State
from events.wishes import NAMES

PAGE = 200
"""Jobs that the gateway gives at once, at most."""
_UPLOAD = timedelta(days=1)
"""A job's id is made when its upload begins, and it counts as created when that has ended."""
_SKEW = timedelta(minutes=1)


class Page(Struct, frozen=True):
    """Jobs as the gateway has written them."""

    items: list[msgspec.Raw]
    next_cursor: str | None = None


class Id(Struct, frozen=True):
    """A job's id."""

    job_id: str


def add_filters(parser: argparse.ArgumentParser, *states: State) -> None:
    """Declare the arguments that choose jobs; without states none of them is about a state."""
    parser.set_defaults(state=None)
    if states:
        known = [state.value for state in states]
        parser.add_argument("--state", choices=known, help="only jobs in this state")
    parser.add_argument(
        "--name",
        metavar="TEXT",
        help="only jobs with this in their file's name, in any case; list and count: also in what they say",
    )
    parser.add_argument("--family", metavar="ID", help="only jobs of this family: of one video")
    parser.add_argument(
        "--having",
        type=pair,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="only jobs with this option, such as format=flac; may be repeated",
    )
    parser.add_argument("--since", metavar="TIME", help=f"only jobs created then or later: {EXAMPLES}")
    parser.add_argument("--until", metavar="TIME", help="only jobs created before")


def add_jobs(parser: argparse.ArgumentParser, *states: State) -> None:
    """Declare the arguments that name jobs, or choose them."""
    parser.add_argument("jobs", metavar="ID", nargs="*", help="a job's id, or the beginning of it")
    parser.add_argument("--all", action="store_true", help="all that there are, or that the filters choose")
    add_filters(parser, *states)


def named_or_chosen(arguments: argparse.Namespace) -> dict[str, str] | None:
    """Return the filters, empty for all jobs; None: they are named. Raises WrongArgument."""
    filters = chosen(arguments)
    if bool(arguments.jobs) is bool(filters or arguments.all):
        raise WrongArgument("say which jobs: by their ids, or by a filter, or --all")
    return None if arguments.jobs else filters


def chosen(arguments: argparse.Namespace, now: datetime | None = None) -> dict[str, str]:
    """Return the filters as parameters of the API. Raises WrongArgument."""
    if strange := [name for name, _ in arguments.having if name not in NAMES]:
        raise WrongArgument(f"--having: there is no option {strange[0]!r}")
    given = {
        **dict(arguments.having),
        "state": arguments.state,
        "q": arguments.name,
        "family": arguments.family,
        "since": _time("--since", arguments.since, now),
        "until": _time("--until", arguments.until, now),
    }
    filters = {name: value for name, value in given.items() if value is not None}
    if "" in filters.values():  # a script's empty variable must not mean all jobs
        raise WrongArgument("a filter is empty: leave it out, or say what it looks for")
    return filters


def place(text: str | None, now: datetime | None = None) -> dict[str, str]:
    """Return an offset or a time as a parameter of the API. Raises WrongArgument."""
    is_time = text is not None and not re.fullmatch(r"\d{1,18}", text)
    at = _time("--at", text, now) if is_time else text
    return {} if at is None else {"at": at}


def listed(gateway: Gateway, filters: Mapping[str, str], most: int | None = None) -> Iterator[msgspec.Raw]:
    """Yield the jobs, newest first; `most` of them, None for all."""
    params = {**filters, "limit": str(min(most or PAGE, PAGE))}
    left = most
    while left is None or left > 0:
        with gateway.asking("GET", "/jobs", params=params) as answer:
            page = read_as(answer, Page)
        yield from page.items[:left]
        if page.next_cursor is None:
            return
        left = left if left is None else left - len(page.items)
        params["cursor"] = page.next_cursor


def is_named(job: Job, text: str | None) -> bool:
    """Return True if this is in the file's name. The gateway lists also jobs in which it is said."""
    return _plain(text or "") in _plain(job.filename)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def job_meant(gateway: Gateway, text: str) -> str:
    """Return the id that begins with `text`. Raises NothingFound, WrongArgument when it may be several."""
    if len(text) >= WHOLE:
        return text
    for filters in (_about(text), {**_about(text), "state": State.DELETED.value}):
        if found := meant(text, _beginning_with(gateway, text, filters), "job"):
            return found
    raise NothingFound(f"you have no job whose id begins with {text}")


def _time(name: str, text: str | None, now: datetime | None) -> str | None:
    try:
        return None if text is None else timestamp(point_in_time(text, now or datetime.now(UTC)))
    except ValueError as error:
        raise WrongArgument(f"{name}: {error}") from None


def _about(text: str) -> dict[str, str]:
    """Return filters for the jobs whose ids may begin so. An id begins with its time (RFC 9562, 5.7)."""
    if not re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]*|[0-9a-f]{1,8}", text):
        raise NothingFound(f"no job's id begins with {text}")
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
