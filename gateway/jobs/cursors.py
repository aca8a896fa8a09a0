"""Cursors: where the next page of a list begins. Opaque to the caller, checked when they come back."""

import base64
import binascii
from uuid import UUID

from gateway.errors import BadParameters, Fault

_PREFIX = "j1:"
_LONGEST = 100


def encode(id_: str) -> str:
    """Return the cursor of the page after this job, or this account."""
    return base64.urlsafe_b64encode(f"{_PREFIX}{id_}".encode()).decode().rstrip("=")


def decode(cursor: str) -> str:
    """Return the id that the page comes after. Raises BadParameters."""
    if len(cursor) > _LONGEST:
        raise _bad()
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
        id_ = str(UUID(text.removeprefix(_PREFIX)))
    except (ValueError, binascii.Error) as error:
        raise _bad() from error
    if encode(id_) != cursor:
        raise _bad()
    return id_


def _bad() -> BadParameters:
    return BadParameters([Fault("cursor", "this is not a cursor from a page of this list")])
