"""A client's preference, by its header Accept."""

from collections.abc import Sequence
from typing import Any

from litestar import Request


def preferred(request: Request[Any, Any, Any], offered: Sequence[str]) -> str | None:
    """Return the media type that the client likes best; None where it takes none of them."""
    try:
        return request.accept.best_match(list(offered))
    except OverflowError:  # a quality such as 1e999
        return None
