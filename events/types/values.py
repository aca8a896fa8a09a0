"""The values that facts of several kinds have."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

Ordinal = Annotated[int, Meta(ge=1, le=2**31 - 1)]
"""A run or an attempt: they are counted from 1."""

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A number of things; no more than a view's store can hold."""


class Actor(StrEnum):
    """The one who asked: the job's owner, or an administrator."""

    USER = "user"
    ADMIN = "admin"
