"""Query parameters, as clients know them. The framework's words on a bad value are for programmers."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin
from uuid import UUID

import msgspec
from litestar.params import ParameterKwarg
from litestar.typing import FieldDefinition

_ANY = re.compile(".*", re.DOTALL)
_FORMS = {int: "-?[0-9]{1,100}", datetime: r"[0-9]{4}-.*(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"}
"""A time names its zone: nobody's is the right one."""
SHA256 = "^[0-9A-Fa-f]{64}$"
_WORDS = {SHA256: "a SHA-256 as 64 hexadecimal digits"}
"""What a text of a pattern is called."""
_TIME = re.compile(_FORMS[datetime], re.DOTALL)


class Parameter(NamedTuple):
    """A query parameter, as clients know it. `takes` is a sentence; `optional`: a handler may get None.

    `required`: a request without it is refused. `many`: it may be given several times. `form`: of its text,
    where the framework reads more than we document: 1e1 as 10, and 1.5 as a time in 1970.
    """

    name: str
    takes: str
    optional: bool = False
    required: bool = False
    form: re.Pattern[str] = _ANY
    many: bool = False

    def reads(self, text: str) -> bool:
        """Return True for a text that has the form, and is a time that UTC has: it ends with year 9999."""
        if not self.form.fullmatch(text):
            return False
        return _TIME.pattern not in self.form.pattern or not _TIME.fullmatch(text) or _is_in_utc(text)


def _is_in_utc(time: str) -> bool:
    try:
        msgspec.convert(time, datetime).astimezone(UTC)
    except (OverflowError, msgspec.ValidationError):
        return False
    return True


def parameter(name: str, field: FieldDefinition) -> Parameter:
    """Return a handler's parameter, by the name that clients know it by."""
    kinds, limits = _kinds(field.annotation), field.kwarg_definition
    many = any(get_origin(kind) is list for kind in kinds)
    kinds = [get_args(kind)[0] if get_origin(kind) is list else kind for kind in kinds]
    takes = " or ".join(_taken(kind, limits) for kind in kinds)
    forms = [_FORMS.get(kind, _ANY.pattern) for kind in kinds]
    form = re.compile("|".join(forms), re.DOTALL)
    return Parameter(name, f"give {takes}", field.is_optional, field.is_required, form, many)


def _kinds(annotation: Any) -> list[Any]:
    """Return the types that a value may have, without None."""
    if get_origin(annotation) not in (Union, UnionType):
        return [annotation]
    return [each for each in get_args(annotation) if each is not type(None)]


def _taken(kind: Any, limits: object) -> str:
    if get_origin(kind) is Literal:
        return _one_of(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _one_of(tuple(kind))
    if kind is bool:
        return _one_of(("true", "false"))
    if kind is datetime:
        return "a time with its zone, such as 2026-11-29T10:00:00Z"
    if kind is UUID:
        return "an id such as 01a22745-1a17-77cf-b302-8b30a80ba1b5"
    if kind is int and isinstance(limits, ParameterKwarg) and limits.ge is not None:
        return f"a whole number from {limits.ge} to {limits.le}"
    if kind is int:
        return "a whole number"
    if isinstance(limits, ParameterKwarg) and limits.pattern in _WORDS:
        return _WORDS[limits.pattern]
    if isinstance(limits, ParameterKwarg) and limits.max_length is not None:
        least = f"{limits.min_length} to" if limits.min_length else "at most"
        return f"{least} {limits.max_length} characters"
    return "a value"


def _one_of(values: tuple[Any, ...]) -> str:
    *some, last = map(str, values)
    return f"{', '.join(some)} or {last}" if some else last
