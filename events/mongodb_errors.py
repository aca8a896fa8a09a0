"""Errors of MongoDB's driver, as ours.

The stored views translate them as every service does, and `events` imports nothing from above. So this
stands here, and not beside the client in `service.mongodb`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pymongo.errors import PyMongoError

from events.errors import TonearmError, Unavailable


def name_of(error: PyMongoError) -> str:
    """Return the error's class alone: its text holds the server's address, which no client may see."""
    return type(error).__name__


@contextmanager
def translated(
    subject: str,
    kind: Callable[[str], TonearmError] = Unavailable,
    *,
    words: Callable[[PyMongoError], str] = name_of,
) -> Iterator[None]:
    """Raise an error of this kind, `SUBJECT: words`, for whatever the driver raises in the block.

    What means something else, such as a DuplicateKeyError, is to be caught inside the block.
    """
    try:
        yield
    except PyMongoError as error:
        raise kind(f"{subject}: {words(error)}") from error
