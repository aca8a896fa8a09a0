"""Ids as people give them: whole, or so many of their first characters that no other begins with them."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from time import time
from uuid import UUID

from cli.errors import NothingFound, WrongArgument
from cli.times import LATE

WHOLE = 36
"""Characters of an id that is a UUID: nothing can begin with it but itself."""
_TIMED, _FEWEST = 12, 7
"""Digits of the time in an id, and as many as tell it to a quarter of an hour."""
_HEX = frozenset("0123456789abcdef")
_NAMED = 10
"""Ids that a message lists."""


def meant(text: str, ids: Iterable[str], what: str) -> str | None:
    """Return the one id that begins with `text`, or is it; None: there is none. Raises WrongArgument."""
    known = sorted({each for each in ids if each.startswith(text)})
    if len(known) <= 1 or text in known:
        return text if text in known else next(iter(known), None)
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    raise WrongArgument(
        f"{len(known)} {what}s begin with {text}; give more of it: {', '.join(known[:_NAMED])}{more}"
    )


def made_at(id_: str) -> datetime | None:
    """Return when an id was made: UUIDv7 begins with the milliseconds (RFC 9562). None for other ids."""
    try:
        uuid = UUID(id_)
        return datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC) if uuid.version == 7 else None
    except (ValueError, OverflowError, OSError):
        return None


def not_before(beginning: str) -> datetime | None:
    """Return a time before which no id was made that begins so, or is it. None: it may be of any time."""
    if len(beginning) >= WHOLE:
        return made_at(beginning)
    digits = beginning.replace("-", "")[:_TIMED]
    if len(digits) < _FEWEST or not set(digits) <= _HEX:
        return None
    since = int(digits.ljust(_TIMED, "0"), 16) / 1000
    return datetime.fromtimestamp(since, UTC) if LATE < since < time() else None


def from_the_end(text: str) -> int | None:
    """Return 1 for `@-1`, which is the last, 2 for the one before it. None: it is no such place."""
    match = re.fullmatch(r"@-([1-9]\d{0,5})", text)
    return int(match[1]) if match else None


def at_the_end(place: int, ids: Sequence[str], what: str) -> str:
    """Return the id so many places from the end. Raises NothingFound where there are less."""
    if place > len(ids):
        raise NothingFound(f"@-{place}: there are {len(ids)} {what}s")
    return ids[-place]
