"""The options of a conversion, as they come over HTTP: names and texts, into checked `Options`.

They come as query parameters, as fields of the form that stand before its file, or as JSON in the shape in
which jobs show them. `events.wishes` understands each text. An option that is not named is taken from the
preset that is named, then from the account's own defaults, then from the setting, then from the built-in
defaults. But a quality is never inherited by another format, and nothing inherited makes a request fail.
"""

from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from litestar.exceptions import ClientException
from msgspec import Meta
from msgspec.structs import replace

from events.options import DEFAULT, Options, Tags, faults
from events.wishes import NAMES, TAGS, NotUnderstood, as_text, canonical, value
from gateway.errors import BadOptions, Fault
from gateway.uploads import preset_names

OBJECT = "options"
"""The field of a form that holds several options, as JSON."""

PRESET = "preset"
"""Names a preset of the account's, wherever options are given."""
FIELDS = (*NAMES, PRESET)

Given = Mapping[str, str]
"""The options that a request, a preset or a setting names itself: canonical texts by name.

That of a request may have a `PRESET`, too. `gateway.uploads.presets` looks it up.
"""

OptionsAsShown = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/Options"})]
"""Options as JSON, in an answer that says which of them it shows."""

OptionsAsWanted = Annotated[
    dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/WantedOptions"})
]
"""Options as JSON, as they are asked for in a body that has more."""

Pairs = Iterable[tuple[str, str]]
_LONGEST_NAME = 100
_TEXTS = (*TAGS, "language", "quality", "marks", PRESET)
"""Options of which a number, true or false is most likely a mistake: `false` would become the title."""


class Wish(NamedTuple):
    """The conversion that a request asks for: all its options, and those that it named itself."""

    options: Options
    given: Given


def read(pairs: Pairs, names: Sequence[str] = FIELDS) -> dict[str, str]:
    """Return the options by name, in their canonical texts. An empty name of a preset is none.

    Raises BadOptions for unknown names, for one that is named twice, and for values that mean nothing.
    """
    given: dict[str, str] = {}
    wrong: list[Fault] = []
    hint = ""
    for name, text in pairs:
        if name not in names:
            wrong.append(Fault(name[:_LONGEST_NAME], "there is no such option"))
            hint = f"there are {', '.join(names)}"
        elif name in given:
            wrong.append(Fault(name, "it is given more than once"))
        else:
            given[name] = text
    for name, text in given.items():
        try:
            given[name] = _named(text) if name == PRESET else canonical(name, text)
        except NotUnderstood as error:
            wrong.append(Fault(name, str(error)))
    if wrong:
        raise BadOptions(wrong, hint)
    if not given.get(PRESET, PRESET):
        del given[PRESET]
    return given


def _named(text: str) -> str:
    return preset_names.cleaned(text) if text.strip() else ""


def from_json(text: str | bytes) -> Iterator[tuple[str, str]]:
    """Yield the options of a JSON object, tags within `tags` or beside the others. An absent tag may be null.

    Raises ClientException when it is no JSON object, BadOptions for a value that is an object or a list.
    """
    try:
        fields = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ClientException(detail="the options are not a JSON object") from None
    yield from from_object(fields)


def from_object(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the options of an object, as `from_json` does. Raises BadOptions for a value that has parts."""
    fields = dict(told)
    tags = fields.pop("tags", None)
    if isinstance(tags, dict):
        unknown = [name for name in tags if name not in TAGS]
        if unknown:
            raise BadOptions(
                [Fault(f"tags.{name}"[:_LONGEST_NAME], "there is no such tag") for name in unknown]
            )
    elif tags is not None:
        raise BadOptions([Fault("tags", f"give an object of {', '.join(TAGS)}")])
    for name, each in [*fields.items(), *(tags or {}).items()]:
        if isinstance(each, dict | list):
            raise BadOptions([Fault(name[:_LONGEST_NAME], "give a text, a number, true or false")])
        if name in _TEXTS and not isinstance(each, str | None):
            raise BadOptions([Fault(name, "give a text")])
        if each is not None or name not in TAGS:
            yield name, as_text(each)


def from_form(fields: Pairs) -> Iterator[tuple[str, str]]:
    """Yield the options of a form's fields; one may be a JSON object. Raises what `from_json` does."""
    for name, text in fields:
        if name == OBJECT:
            yield from from_json(text)
        else:
            yield name, text


def read_query(text: str) -> dict[str, str]:
    """Read options written like a query: `format=opus&quality=96k`. Raises BadOptions."""
    return read(parse_qsl(text, keep_blank_values=True), NAMES)


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


def texts(options: Options) -> dict[str, str]:
    """Return the options that are not the built-in defaults, as they would be given."""
    default = _values(DEFAULT)
    return {name: as_text(told) for name, told in _values(options).items() if told != default[name]}


def over(preset: Given, given: Given) -> dict[str, str]:
    """Return the preset with other options over it. Its quality stays with its format."""
    told = {name: text for name, text in given.items() if name != PRESET}
    same = told.get("format", preset.get("format")) == preset.get("format")
    return {name: text for name, text in preset.items() if same or name != "quality"} | told


def as_json(options: Options, names: Collection[str] = NAMES) -> dict[str, Any]:
    """Return these options as JSON, in the shape in which jobs show them: tags in `tags`."""
    told = {name: each for name, each in _values(options).items() if name in names}
    tags = {name: told.pop(name) for name in TAGS if name in told}
    return told | {"tags": tags} if tags else told


def shown(options: Options, named: Collection[str]) -> dict[str, Any]:
    """Return options as JSON: all that jobs would show, and these also where they are the defaults."""
    plain, told = msgspec.to_builtins(options), as_json(options, named)
    return {**plain, **told, "tags": {**plain["tags"], **told.get("tags", {})}}


def as_kept(given: Given) -> dict[str, Any]:
    """Return the options of a preset as JSON, as far as this build can read them, whether or not they fit."""
    layer = _readable(given)
    return as_json(_options([layer]), layer)


def _values(options: Options) -> dict[str, Any]:
    return {name: getattr(options.tags if name in TAGS else options, name) for name in NAMES}


Layer = dict[str, Any]
_MOST_DROPPED = 3
"""At once: of start, end and the two fades, one at least was given when they do not fit."""


def _converted(given: Given) -> Layer:
    layer: Layer = {}
    wrong: list[Fault] = []
    for name, text in over({}, given).items():
        try:
            layer[name] = value(name, text)
        except NotUnderstood as error:
            wrong.append(Fault(name, str(error)))
    if wrong:
        raise BadOptions(wrong)
    return layer


def _readable(given: Given) -> Layer:
    """Return the options that can be read: a preset may be of another build."""
    layer: Layer = {}
    for name, text in given.items():
        with suppress(NotUnderstood, KeyError):
            layer[name] = value(name, text)
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
    return f"the format {format_} comes from a preset or the server's setting: name another beside it"


def _without(layers: Sequence[Layer], dropped: Collection[str]) -> list[Layer]:
    given, *inherited = layers
    return [given, *({n: layer[n] for n in layer if n not in dropped} for layer in inherited)]


def _options(layers: Sequence[Layer]) -> Options:
    merged = _merged(layers)
    tags = Tags(**{name: merged.pop(name) for name in TAGS if name in merged})
    return replace(DEFAULT, **{name: told for name, told in merged.items() if told is not None}, tags=tags)


def _faults(layers: Sequence[Layer]) -> list[Fault]:
    return [Fault(name, text) for name, text in faults(_options(layers))]
