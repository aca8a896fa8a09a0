"""The options of a conversion, as they come over HTTP: names and texts, into checked `Options`.

They come as query parameters, or as fields of the form that stand before its file. Both are flat, so a tag
is named like any other option. An option that is not named is taken from the account's preset, then from
the setting, then from the built-in defaults. But a quality is never inherited by another format, and nothing
inherited makes a request fail.
"""

from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Any, NamedTuple, get_args
from urllib.parse import parse_qsl

import msgspec
from msgspec.structs import replace

from events.options import DEFAULT, Options, Tags, faults
from gateway.errors import BadOptions, Fault

_TAGS = Tags.__struct_fields__
_PLAIN = tuple(name for name in Options.__struct_fields__ if name != "tags")
NAMES = (*_PLAIN, *_TAGS)
"""Every name that may be given."""

Given = Mapping[str, str]
"""The options that a request, a preset or a setting names itself: texts by name."""


class Wish(NamedTuple):
    """The conversion that a request asks for: all its options, and those that it named itself."""

    options: Options
    given: Given


def read(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the options by name. Raises BadOptions for unknown names, and for one that is named twice."""
    given: dict[str, str] = {}
    wrong: list[Fault] = []
    hint = ""
    for name, text in pairs:
        if name not in NAMES:
            wrong.append(Fault(name[:100], "there is no such option"))
            hint = f"there are {', '.join(NAMES)}"
        elif name in given:
            wrong.append(Fault(name, "it is given more than once"))
        else:
            given[name] = text
    if wrong:
        raise BadOptions(wrong, hint)
    return given


def read_alone(pairs: Iterable[tuple[str, str]], headers: Mapping[str, str]) -> dict[str, str]:
    """Read the query of a request that takes no body. Raises BadOptions, also when it comes with one."""
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise BadOptions([Fault("body", "give the options as query parameters, and send no body")])
    return read(pairs)


def read_query(text: str) -> dict[str, str]:
    """Read options written like a query: `format=opus&quality=96k`. Raises BadOptions."""
    return read(parse_qsl(text, keep_blank_values=True))


def options_of(given: Given, *inherited: Given) -> Options:
    """Return the checked options: given ones outweigh inherited ones, earlier layers later ones.

    An inherited option that cannot be read any more, or does not go with the rest, is dropped: as few as
    possible, the last layers' first. But a format stays, and a given option that does not go with it is
    refused. Raises BadOptions with every fault of the given options.
    """
    layers = [_converted(given), *map(_readable, inherited)]
    formats = [_merged(layers[place:]).get("format", DEFAULT.format) for place in range(len(layers))]
    for layer, format_ in zip(layers, formats, strict=True):
        if format_ != formats[0]:
            layer.pop("quality", None)
    while wrong := _faults(layers):
        fewer = _yielding(layers)
        if fewer is None:
            raise BadOptions(wrong, _inherited_format(layers, wrong))
        layers = fewer
    return _options(layers)


Layer = dict[str, Any]
_MOST_DROPPED = 3
"""At once: of start, end and the two fades, one at least was given when they do not fit."""


def _converted(given: Given) -> Layer:
    layer: Layer = {}
    wrong: list[Fault] = []
    for name, text in given.items():
        try:
            layer[name] = _value(name, text)
        except (msgspec.ValidationError, ValueError) as error:
            wrong.append(Fault(name, _explained(name, error)))
    if wrong:
        raise BadOptions(wrong)
    return layer


def _readable(given: Given) -> Layer:
    """Return the options that can be read: a preset may be older than this build."""
    layer: Layer = {}
    for name, text in given.items():
        with suppress(msgspec.ValidationError, ValueError, KeyError):
            layer[name] = _value(name, text)
    return layer


def _merged(layers: Sequence[Layer]) -> Layer:
    return dict(ChainMap(*layers))


def _yielding(layers: Sequence[Layer]) -> list[Layer] | None:
    """Return the layers without the fewest inherited options whose loss mends a fault and makes none."""
    names = [name for name in ChainMap(*layers[1:]) if name != "format"]  # of the last layer first
    wrong = {fault.name for fault in _faults(layers)}
    if wrong <= {fault.name for fault in _faults(_without(layers, names))}:
        return None
    for size in range(1, _MOST_DROPPED + 1):
        for dropped in combinations(names, size):
            fewer = _without(layers, dropped)
            if {fault.name for fault in _faults(fewer)} < wrong:
                return fewer
    return None


def _inherited_format(layers: Sequence[Layer], wrong: Sequence[Fault]) -> str:
    """Return a hint where the fault is one of a format that the request did not name itself."""
    given, *inherited = layers
    format_ = _merged(inherited).get("format")
    if "format" in given or format_ is None:
        return ""
    plain = _faults([given, *({n: each[n] for n in each if n != "format"} for each in inherited)])
    if {fault.name for fault in wrong} <= {fault.name for fault in plain}:
        return ""
    return f"the format {format_} comes from your preset or the server's setting: name another beside it"


def _without(layers: Sequence[Layer], dropped: Collection[str]) -> list[Layer]:
    given, *inherited = layers
    return [given, *({n: layer[n] for n in layer if n not in dropped} for layer in inherited)]


def _options(layers: Sequence[Layer]) -> Options:
    merged = _merged(layers)
    tags = Tags(**{name: merged.pop(name) for name in _TAGS if name in merged})
    return replace(DEFAULT, **{name: value for name, value in merged.items() if value is not None}, tags=tags)


def _faults(layers: Sequence[Layer]) -> list[Fault]:
    return [Fault(name, text) for name, text in faults(_options(layers))]


_TYPES = {field.name: field.type for struct in (Options, Tags) for field in msgspec.structs.fields(struct)}


def _value(name: str, text: str) -> Any:
    kind = _TYPES[name]
    if text == "" and type(None) in get_args(kind) and name not in _TAGS:
        return None
    value = msgspec.convert(text, kind, strict=False)
    if isinstance(value, float) and value != value:
        raise ValueError("nan")
    return value


def _explained(name: str, error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return str(error).replace("`", "").partition(" - at")[0]
    return f"this is no value for {name}"
