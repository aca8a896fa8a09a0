"""Settings from the environment (twelve-factor, III): one frozen struct a service, read once at its entry.

A struct's field `mongodb_url` is the variable `MONGODB_URL`. An empty variable counts as not set.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from events.errors import TonearmError

S = TypeVar("S", bound=Struct)

_SECRET = re.compile(r"password|secret|token|passphrase|email", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^/@:\s]*:).+@", re.DOTALL)  # also one with an unescaped `/` or `@`


class InvalidSetting(TonearmError):
    """A variable of the environment is missing or does not fit; the text names it."""


class Settings(Struct, frozen=True, kw_only=True):
    """The base of every service's settings. Its repr masks secrets and addresses, so it may be logged."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={masked(name, getattr(self, name))!r}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({shown})"


def masked(name: str, value: Any) -> Any:
    """Return the value as it may be shown: secrets by name are stars, passwords in URLs too."""
    if value and _SECRET.search(name):
        return "***"
    return _URL_PASSWORD.sub(r"\1***@", value) if isinstance(value, str) else value


def load(settings: type[S], environ: Mapping[str, str]) -> S:
    """Read the settings. Raises InvalidSetting with the variable's name and what it should be."""
    values = {
        field.name: environ[field.name.upper()]
        for field in msgspec.structs.fields(settings)
        if environ.get(field.name.upper())
    }
    try:
        return msgspec.convert(values, settings, strict=False)
    except msgspec.ValidationError as error:
        text = re.sub(r"`\$?\.?(\w+)`", lambda match: match[1].upper(), str(error))
        raise InvalidSetting(f"setting: {text}") from None
