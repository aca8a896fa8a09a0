"""The declarations that every event type makes: its name, version and aggregate, and what names one event.

An event's id is drawn from its subject, its type and the values that `NAMED_BY` lists. A publisher that
repeats itself after a lost confirm or a crash so arrives at the same id, and readers keep the first.
"""

from enum import Enum, StrEnum
from functools import lru_cache
from typing import ClassVar

from msgspec import Struct


class Aggregate(StrEnum):
    """The kind of thing that an event is a fact about. The event's `subject` is the id of one such thing."""

    JOB = "job"
    ACCOUNT = "account"
    HOOK = "hook"
    FEED = "feed"
    IMPORT = "import"


class Given(Enum):
    """A value that names an event and is not in its data."""

    CAUSE = "cause"
    """The id of the event that this one answers: each cause has one answer."""
    OCCASION = "occasion"
    """An id that the publisher draws once and keeps when it publishes again."""


class Payload(Struct, frozen=True, kw_only=True):
    """The data of an event.

    `TYPE` is the CloudEvents type and the routing key; it begins with the aggregate. `NAMED_BY` lists the
    values that distinguish events of one type about one subject. Their order is part of the id, for ever.
    """

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1
    AGGREGATE: ClassVar[Aggregate]
    NAMED_BY: ClassVar[tuple[str | Given, ...]]


@lru_cache(maxsize=256)
def aggregate_of(type_: str) -> Aggregate | None:
    """Return the aggregate of a type, also of one that only a later build knows; None for a foreign type."""
    for aggregate in Aggregate:
        if type_.startswith(f"{aggregate}."):
            return aggregate
    return None


def check_declarations(payload: type[Payload]) -> None:
    """Raise ValueError when a type has not declared all that its events need."""
    name = payload.__name__
    missing = [each for each in ("TYPE", "NAMED_BY") if each not in vars(payload)]
    if missing:
        raise ValueError(f"{name} does not declare {' and '.join(missing)}")
    if aggregate_of(payload.TYPE) is not getattr(payload, "AGGREGATE", None):
        raise ValueError(f"{name} is not a fact about what its type {payload.TYPE} begins with")
    for field in payload.NAMED_BY:
        if isinstance(field, str) and field not in payload.__struct_fields__:
            raise ValueError(f"{name} is named by {field}, which is not one of its fields")


def names_of(payload: Payload, *, occasion: str | None = None, cause: str | None = None) -> list[str | int]:
    """Return the values that name the event of this payload.

    Raises ValueError when its type is named by an occasion or a cause and none is given, and when an
    occasion is given that would name nothing.
    """
    given = {Given.OCCASION: occasion, Given.CAUSE: cause}
    if occasion is not None and Given.OCCASION not in payload.NAMED_BY:
        raise ValueError(f"{payload.TYPE} is not named by an occasion")
    names: list[str | int] = []
    for each in payload.NAMED_BY:
        name = given[each] if isinstance(each, Given) else getattr(payload, each)
        if name is None:
            what = each.value if isinstance(each, Given) else each
            raise ValueError(f"{payload.TYPE} is named by the event's {what}, and none is given")
        names.append(name)
    return names
