"""The parts of an application, for the handlers that name them."""

from typing import Any

from litestar.di import Provide
from msgspec import Struct


def provided(parts: Struct) -> dict[str, Provide]:
    """Return each field of the struct as a dependency: a handler asks for `name: NamedDependency[Kind]`."""
    return {name: provide(getattr(parts, name)) for name in parts.__struct_fields__}


def provide(part: Any) -> Provide:
    """Return a dependency that is this very object."""
    return Provide(lambda: part, sync_to_thread=False)
