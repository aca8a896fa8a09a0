"""The items that the gateway lists at a path, page by page, as it has written them."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.gateway import Gateway


class Page(Struct, frozen=True):
    """Some of the items, or all of them."""

    items: list[msgspec.Raw]
    next_cursor: str | None = None


def items_at(
    gateway: Gateway,
    path: str,
    filters: Mapping[str, str] | None = None,
    *,
    most: int | None = None,
    page: int | None = None,
) -> Iterator[bytes]:
    """Yield the items as JSON, in the gateway's order; `most` of them, None for all.

    `page` is how many it gives at once, at most; None where that cannot be asked for. Raises ClientError.
    """
    params, left = dict(filters or {}), most
    while left is None or left > 0:
        if page is not None:
            params["limit"] = str(page if left is None else min(page, left))
        with gateway.asking("GET", path, params=params) as answer:
            found = read_as(answer, Page)
        yield from map(bytes, found.items[:left])
        if found.next_cursor is None:
            return
        left = None if left is None else left - len(found.items)
        params["cursor"] = found.next_cursor
