"""Settings from the environment (twelve-factor, III): one frozen struct a service, read once at its entry.

A struct's field `mongodb_url` is the variable `MONGODB_URL`. An empty variable counts as not set.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from events.errors import TonearmError

S = TypeVar("S", bound=Struct)

_SECRET = re.compile(r"password|secret|token|passphrase|email", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^/@:\s]*:).+@", re.DOTALL)  # also one with an unescaped `/` or `@`
_PLAIN = (str, bool, int, float)
_DIRECTORIES = ("auth_directory_url", "import_url")
"""SQLAlchemy reads these, which takes a password as it stands."""


class InvalidSetting(TonearmError):
    """A variable of the environment is missing or does not fit; the text names it."""


class Settings(Struct, frozen=True, kw_only=True):
    """The base of every service's settings. Its repr masks secrets and addresses, so it may be logged."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={masked(name, getattr(self, name))!r}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({shown})"

    def chosen(self) -> dict[str, Any]:
        """Return what differs from the defaults, secrets and addresses masked."""
        chosen = {
            each.name: masked(each.name, value)
            for each in msgspec.structs.fields(self)
            if (value := getattr(self, each.name)) != each.default
        }
        return {name: value if isinstance(value, _PLAIN) else repr(value) for name, value in chosen.items()}


def masked(name: str, value: Any) -> Any:
    """Return the value as it may be shown: secrets by name are stars, passwords in URLs too."""
    if value and _SECRET.search(name):
        return "***"
    return _URL_PASSWORD.sub(r"\1***@", value) if isinstance(value, str) else value


def load(settings: type[S], environ: Mapping[str, str]) -> S:
    """Read the settings. Raises InvalidSetting with the variable's name and what it should be.

    No message repeats a URL or a part of one: what looks like its port or an option may be of a password.
    """
    values = {
        field.name: environ[field.name.upper()]
        for field in msgspec.structs.fields(settings)
        if environ.get(field.name.upper())
    }
    try:
        found = msgspec.convert(values, settings, strict=False)
    except msgspec.ValidationError as error:
        text = re.sub(r"`\$?\.?(\w+)`", lambda match: match[1].upper(), str(error))
        raise InvalidSetting(f"setting: {text}") from None
    for name, value in values.items():
        if name.endswith("_url") and name not in _DIRECTORIES and not _can_be_taken_apart(value):
            raise InvalidSetting(
                f"setting: {name.upper()} is no URL such as scheme://user:password@host:port;"
                " in a password ? / # @ are written %3F %2F %23 %40"
            )
    return found


def _can_be_taken_apart(url: str) -> bool:
    """Return True if all who read the URL find the same host in it. MongoDB's may name several."""
    _, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, _, hosts = authority.rpartition("@")
    if "@" in user or "@" in rest[len(authority) :]:
        return False
    try:
        parts = [urlsplit(f"//{host}") for host in hosts.split(",")]
        return all(each.hostname and each.port != 0 for each in parts)
    except ValueError:  # a port or an IPv6 address that is none
        return False
