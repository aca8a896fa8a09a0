"""Query parameters, as clients know them. What the framework says of a bad value is for programmers."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple, get_args, get_origin
from uuid import UUID

from litestar.params import ParameterKwarg
from litestar.typing import FieldDefinition


class Parameter(NamedTuple):
    """A query parameter, as clients know it. `takes` is a sentence; `optional`: a handler may get None.

    `required`: a request without it is refused.
    """

    name: str
    takes: str
    optional: bool = False
    required: bool = False


def parameter(name: str, field: FieldDefinition) -> Parameter:
    """Return a handler's parameter, by the name that clients know it by."""
    return Parameter(name, _taken(field), field.is_optional, field.is_required)


def _taken(field: FieldDefinition) -> str:
    limits = field.kwarg_definition
    kind = field.annotation
    if field.is_optional:
        kind = next(each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) is Literal:
        return _one_of(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _one_of(tuple(kind))
    if kind is bool:
        return _one_of(("true", "false"))
    if kind is datetime:
        return "give a time with its zone, such as 2026-11-29T10:00:00Z"
    if kind is UUID:
        return "give an id such as 01a22745-1a17-77cf-b302-8b30a80ba1b5"
    if kind is int and isinstance(limits, ParameterKwarg):
        return f"give a whole number from {limits.ge} to {limits.le}"
    if isinstance(limits, ParameterKwarg) and limits.max_length is not None:
        return f"give at most {limits.max_length} characters"
    return "give a value"


def _one_of(values: tuple[Any, ...]) -> str:
    *some, last = map(str, values)
    return f"give {', '.join(some)} or {last}" if some else f"give {last}"
