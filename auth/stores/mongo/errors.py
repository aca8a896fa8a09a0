"""MongoDB's errors as ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo.errors import PyMongoError

from auth.errors import DirectoryUnavailable
from auth.stores.time_limit import within

ANSWER_SECONDS = 6.0
"""How long an operation may take; the driver's own time-outs begin anew at each retry."""


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Raise DirectoryUnavailable for whatever the driver raises in the block."""
    try:
        async with within(ANSWER_SECONDS):
            yield
    except (PyMongoError, TimeoutError) as error:
        raise DirectoryUnavailable(f"the database does not answer: {type(error).__name__}") from error
