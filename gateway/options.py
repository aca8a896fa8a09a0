"""What is asked of a conversion, as it comes over HTTP: names and texts, into checked `Options`.

They come as query parameters, or as fields of the form that stand before its file; both are flat, so a tag
is named like any other option. What is not said is taken from the account's preset, then from the setting,
then from the built-in defaults; but a quality is never inherited by another format.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args
from urllib.parse import parse_qsl

import msgspec

from events.options import DEFAULT, Options, Tags, faults
from gateway.errors import BadOptions, Fault

_TAGS = Tags.__struct_fields__
_PLAIN = tuple(name for name in Options.__struct_fields__ if name != "tags")
NAMES = (*_PLAIN, *_TAGS)
"""Every name that may be given."""

Given = Mapping[str, str]


def read(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the options by name. Raises BadOptions for unknown names, and for one that is said twice."""
    given: dict[str, str] = {}
    wrong: list[Fault] = []
    for name, text in pairs:
        if name not in NAMES:
            wrong.append(Fault(name[:100], f"there is no such option; there are {', '.join(NAMES)}"))
        elif name in given:
            wrong.append(Fault(name, "it is given more than once"))
        else:
            given[name] = text
    if wrong:
        raise BadOptions(wrong)
    return given


def read_query(text: str) -> dict[str, str]:
    """Read options written like a query: `format=opus&quality=96k`. Raises BadOptions."""
    return read(parse_qsl(text, keep_blank_values=True))


def options_of(*layers: Given) -> Options:
    """Return the checked options; earlier layers outweigh later ones. Raises BadOptions with every fault."""
    merged: dict[str, str] = {}
    for place, layer in enumerate(layers):
        meant_for_it = _format(layers[place:]) == _format(layers)
        for name, text in layer.items():
            if name != "quality" or meant_for_it:
                merged.setdefault(name, text)
    wrong: list[Fault] = []
    fields: dict[str, Any] = {}
    tags: dict[str, Any] = {}
    for name, text in merged.items():
        try:
            (tags if name in _TAGS else fields)[name] = _value(name, text)
        except (msgspec.ValidationError, ValueError) as error:
            wrong.append(Fault(name, _said(name, error)))
    if not wrong:
        options = Options(**fields, tags=Tags(**tags))
        wrong = [Fault(name, text) for name, text in faults(options)]
        if not wrong:
            return options
    raise BadOptions(wrong)


def _format(layers: Sequence[Given]) -> str:
    return next((layer["format"] for layer in layers if "format" in layer), DEFAULT.format.value)


_TYPES = {field.name: field.type for struct in (Options, Tags) for field in msgspec.structs.fields(struct)}


def _value(name: str, text: str) -> Any:
    kind = _TYPES[name]
    if text == "" and type(None) in get_args(kind) and name not in _TAGS:
        return None
    value = msgspec.convert(text, kind, strict=False)
    if isinstance(value, float) and value != value:
        raise ValueError("nan")
    return value


def _said(name: str, error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return str(error).replace("`", "").partition(" - at")[0]
    return f"this is no value for {name}"
