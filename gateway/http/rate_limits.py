"""The header fields by which answers report limits: RateLimit-Policy and RateLimit.

By draft-ietf-httpapi-ratelimit-headers-11: `RateLimit-Policy: "jobs_today";q=100;w=86400` and
`RateLimit: "jobs_today";r=3;t=3600`.
"""

from collections.abc import Iterable
from typing import Any

from litestar.types import Message
from msgspec import Struct

FIELDS = ("RateLimit-Policy", "RateLimit")
MINUTE, DAY = 60, 24 * 3600
_KEY = "rate_limits"


class Standing(Struct, frozen=True, kw_only=True):
    """One limit and what is left of it.

    `window`: the seconds that it is for, 0 for no time; `reset`: the seconds until it begins anew.
    """

    name: str
    quota: int
    left: int
    window: int = 0
    reset: int = 0
    unit: str = "requests"


def tell(scope: Any, standings: Iterable[Standing]) -> None:
    """Have the answer to this request report these limits, too; of a name the newest counts."""
    told: dict[str, Standing] = scope.setdefault(_KEY, {})
    told.update((standing.name, standing) for standing in standings)


async def add_fields(message: Message, scope: Any) -> None:
    """Add the fields to an answer that is about to be sent."""
    standings: dict[str, Standing] = scope.get(_KEY, {})
    if message["type"] == "http.response.start" and standings:
        policy, left = ", ".join(map(_policy, standings.values())), ", ".join(map(_left, standings.values()))
        values = zip(FIELDS, (policy, left), strict=True)
        message["headers"] = [
            *message["headers"],
            *((name.lower().encode(), value.encode()) for name, value in values),
        ]


def _policy(standing: Standing) -> str:
    unit = "" if standing.unit == "requests" else f';qu="{standing.unit}"'
    window = f";w={standing.window}" if standing.window else ""
    return f'"{standing.name}";q={standing.quota}{unit}{window}'


def _left(standing: Standing) -> str:
    reset = f";t={standing.reset}" if standing.window else ""
    return f'"{standing.name}";r={max(0, standing.left)}{reset}'
