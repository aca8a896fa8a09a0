"""The struct of an event's data, by type and version, and the steps from old versions to today's.

To change a meaning: raise `VERSION` of the struct in `types`, freeze the old shape here as a struct of
its own, and add an `Upcast` from it. Old events then stay readable for ever; golden files hold us to it.
"""

from collections.abc import Callable, Iterable
from typing import Any, get_args

import msgspec
from msgspec import Raw, Struct

from events.errors import InvalidEvent
from events.payload import Payload, check_declarations
from events.types import AnyPayload, Unknown


class Upcast(Struct, frozen=True):
    """A pure step from one version of a type to the next."""

    old: type[Struct]
    into_next: Callable[[Any], Any]


class Registry:
    """Decoders by (type, version). An unknown type is carried, never an error."""

    def __init__(
        self, payloads: Iterable[type[Payload]], upcasts: dict[tuple[str, int], Upcast] | None = None
    ) -> None:
        """Raise ValueError when a type lacks a declaration, or an upcast from one of its earlier versions."""
        self.current: dict[str, type[Payload]] = {}
        for payload in payloads:
            check_declarations(payload)
            self.current[payload.TYPE] = payload
        self._upcasts = upcasts or {}
        self._decoders: dict[tuple[str, int], msgspec.json.Decoder[Any]] = {}
        for type_, payload in self.current.items():
            for version in range(1, payload.VERSION):
                if (type_, version) not in self._upcasts:
                    raise ValueError(f"no upcast from {type_} version {version}")
                self._decoders[type_, version] = msgspec.json.Decoder(self._upcasts[type_, version].old)
            self._decoders[type_, payload.VERSION] = msgspec.json.Decoder(payload)

    def shapes(self) -> dict[tuple[str, int], type[Struct]]:
        """Return the struct of every (type, version) that can be read, old versions included."""
        return {key: decoder.type for key, decoder in self._decoders.items()}

    def decode(self, type_: str, version: int, data: bytes | Raw) -> AnyPayload | Unknown:
        """Return the data as today's struct, or `Unknown` for what this build does not know.

        Raises InvalidEvent when the type is known and the data does not fit it.
        """
        decoder = self._decoders.get((type_, version))
        if decoder is None:
            return Unknown(type_, version)
        try:
            payload: Any = decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidEvent(f"the data of {type_} version {version} does not fit: {error}") from error
        if self._upcasts:
            for step in range(version, self.current[type_].VERSION):
                payload = self._upcasts[type_, step].into_next(payload)
        return payload  # type: ignore[no-any-return]


REGISTRY = Registry(get_args(AnyPayload))
