"""Your jobs, page by page, as the gateway has written them."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.gateway import Gateway

PAGE = 200
"""Jobs that the gateway gives at once, at most."""


class Page(Struct, frozen=True):
    """Jobs as the gateway has written them."""

    items: list[msgspec.Raw]
    next_cursor: str | None = None


def listed(gateway: Gateway, filters: Mapping[str, str], most: int | None = None) -> Iterator[bytes]:
    """Yield the jobs, newest first; `most` of them, None for all."""
    params = {**filters, "limit": str(min(most or PAGE, PAGE))}
    left = most
    while left is None or left > 0:
        with gateway.asking("GET", "/jobs", params=params) as answer:
            page = read_as(answer, Page)
        yield from map(bytes, page.items[:left])
        if page.next_cursor is None:
            return
        left = left if left is None else left - len(page.items)
        params["cursor"] = page.next_cursor
