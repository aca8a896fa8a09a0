"""MongoDB's errors as ours, and a limit for its answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from auth.errors import DirectoryUnavailable
from auth.stores.time_limit import within
from events.mongodb_errors import translated

ANSWER_SECONDS = 5.0
"""For one operation. The driver's own time-outs begin anew at each retry."""
_AWAY = "the database does not answer"


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Raise DirectoryUnavailable when the block takes too long, and for whatever the driver raises in it."""
    try:
        with translated(_AWAY, DirectoryUnavailable):
            async with within(ANSWER_SECONDS):
                yield
    except TimeoutError as error:
        raise DirectoryUnavailable(f"{_AWAY}: {type(error).__name__}") from error
