"""Your jobs, as the gateway has written them."""

from collections.abc import Iterator, Mapping

from cli.client.gateway import Gateway
from cli.client.items import items_at

PAGE = 200
"""Jobs that the gateway gives at once, at most."""


def listed(gateway: Gateway, filters: Mapping[str, str], most: int | None = None) -> Iterator[bytes]:
    """Return the jobs, newest first; `most` of them, None for all."""
    return items_at(gateway, "/jobs", filters, most=most, page=PAGE)
