"""The route that shows what an account uses, and what it may use."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from events.projections.usage import Usage as Counted
from gateway.callers.guard import AnyRequest, caller_of
from gateway.http.contract import Contract
from gateway.quotas.quotas import Quotas
from service.quotas import Limits
from service.scopes import READ


class Day(Struct, frozen=True, kw_only=True):
    """The jobs that were begun on a day, and the seconds of audio that were made."""

    date: date
    jobs: int
    audio_seconds: float


class Usage(Struct, frozen=True, kw_only=True):
    """The usage of an account. Days are those of UTC; `days` are those of the last month with anything.

    `limits` are what it may use, by the same names, and a few more; null: as much as it likes. At `resets`
    the next day begins.
    """

    bytes_stored: int
    audio_seconds: float
    jobs_today: int
    jobs_open: int
    limits: Limits
    resets: Annotated[datetime, Meta(tz=True)]
    days: list[Day]


@get("/usage", operation_id="getUsage", tags=["usage"], opt=Contract(scope=READ, errors=()).opt)
async def show_usage(request: AnyRequest, quotas: NamedDependency[Quotas]) -> Usage:
    """Show what your account uses, and its limits."""
    caller = caller_of(request)
    now = await quotas.usage.of(caller.account)
    return presented(now.usage, quotas.limits.of(caller), datetime.now(UTC))


def presented(counted: Counted, limits: Limits, now: datetime) -> Usage:
    """Return the usage as its account sees it."""
    today = counted.on(now.date())
    tomorrow = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return Usage(
        bytes_stored=counted.bytes_stored,
        audio_seconds=today.audio_ms / 1000,
        jobs_today=today.jobs,
        jobs_open=counted.jobs_open,
        limits=limits,
        resets=tomorrow,
        days=[
            Day(date=date.fromisoformat(day), jobs=done.jobs, audio_seconds=done.audio_ms / 1000)
            for day, done in sorted(counted.days.items(), reverse=True)
        ],
    )


ROUTES = [show_usage]
