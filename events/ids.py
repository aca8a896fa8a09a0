"""Event ids. They are deterministic, so that a retry is the same event and not a second one.

A service that publishes the same fact twice, after a lost confirm, a crash or a redelivery, arrives at the
same id, and every reader keeps only the first. `payload` describes what names an event.
"""

from datetime import datetime
from uuid import UUID, uuid5

import uuid_utils

NAMESPACE = UUID("6f2a4b1e-9c57-5d0e-8a63-746f6e65726d")
"""The namespace of Tonearm's event ids (RFC 9562, version 5). Never change it."""


def event_id(subject: str, type_: str, *parts: str | int) -> str:
    """Return the id of the one event named by subject, type and parts (run, attempt or cause)."""
    return str(uuid5(NAMESPACE, "/".join([subject, type_, *map(str, parts)])))


def new_id() -> str:
    """Return a new id for a job, account or blob: UUIDv7 (RFC 9562), so ids sort by time of making."""
    return str(uuid_utils.uuid7())


def earliest_id(time: datetime) -> str:
    """Return a bound before every id made from `time` on: its milliseconds, and zeros (RFC 9562, 5.7)."""
    return str(UUID(int=int(time.timestamp() * 1000) << 80))


def is_id(text: str) -> bool:
    """Return True for a text that may be an id, in the one way in which ids are written.

    What is none need not be looked up, and a database may refuse it.
    """
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
