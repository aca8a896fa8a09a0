"""The key by which an event goes through the exchange `events`: its type, and perhaps a word more."""

from events.envelope import Event
from events.types import JobRequeued, JobUploaded

_BULK = ".bulk"
IN_BULK = (JobUploaded.TYPE, JobRequeued.TYPE)
"""The types whose work may wait behind the first jobs of every account."""


def keys(type_: str) -> tuple[str, ...]:
    """Return the keys that events of a type may have."""
    return (type_, bulk_key(type_)) if type_ in IN_BULK else (type_,)


def bulk_key(type_: str) -> str:
    """Return the key of events of a type whose work waits in bulk."""
    return type_ + _BULK


def type_of(key: str) -> str:
    """Return the type of the events that have this key."""
    return key.removesuffix(_BULK)


def routing_key(event: Event) -> str:
    """Return the key of an event. Raises InvalidEvent."""
    in_bulk = event.type in IN_BULK and getattr(event.payload(), "bulk", False)
    return bulk_key(event.type) if in_bulk else event.type
