"""Flags for the options of a conversion, made of `events.options`: their names, values and help."""

import functools
from collections.abc import Callable
from typing import Any

import click
import msgspec
from click.shell_completion import CompletionItem
from msgspec import inspect

from cli.client.answers import Presets
from cli.tree.command import Sectioned
from cli.tree.options import pair
from events.options import Options, Tags
from events.wishes import NAMES, SPANS, TIMES, NotUnderstood, canonical

_SECTIONS = {
    "The audio": (
        "format",
        "quality",
        "chapters",
        "start",
        "end",
        "speed",
        "loudness",
        "channels",
        "sample_rate",
    ),
    "Its tags and picture": ("title", "artist", "album", "date", "comment", "cover"),
}
"""The options that have a flag, as people look for them. All others are given by `-O`."""
FLAGS = tuple(name for names in _SECTIONS.values() for name in names)
_AS_SAID = {
    "format": "by default that of your preset",
    "channels": "by default as many as the video has",
    "chapters": "as marks, left out, or a ZIP of a file for each",
    "cover": "none, the one in the file, or a frame of the video",
}
"""The meanings of options that have no description of their own."""


class Value(click.ParamType[str]):
    """A value of the option of this name, in its canonical text."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the canonical text. Raises click's usage error, which names right ones."""
        try:
            return canonical(self.name, value)
        except NotUnderstood as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the choices that begin so."""
        return [CompletionItem(each) for each in choices(self.name) if each.startswith(incomplete)]


class Wish(click.ParamType[tuple[str, str]]):
    """`NAME=VALUE` of any option, also of one that only the gateway knows."""

    name = "NAME=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return both. Raises click's usage error."""
        try:
            name, text = pair(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        try:
            return name, canonical(name, text) if name in NAMES else text
        except NotUnderstood as error:
            self.fail(f"{name}: {error}", param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin so; behind a name, its choices."""
        name, equals, text = incomplete.partition("=")
        if not equals:
            return [CompletionItem(f"{each}=", help=_help(each)) for each in NAMES if each.startswith(name)]
        return [CompletionItem(f"{name}={each}") for each in choices(name) if each.startswith(text)]


def choices(name: str) -> tuple[str, ...]:
    """Return all values of an option that has only some; nothing for any other."""
    match _type(name):
        case inspect.EnumType(cls=cls):
            return tuple(str(each.value) for each in cls)
        case inspect.BoolType():
            return ("true", "false")
    return ()


def audio_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the flags, `--preset` and `-O`, and give the function `given`: names and texts, as typed."""

    @functools.wraps(function)
    def collected(option: tuple[tuple[str, str], ...], preset: str | None, **more: Any) -> Any:
        flags = {name: more.pop(name) for name in FLAGS}
        named = {"preset": preset, **flags}
        given = [(name, text) for name, text in named.items() if text is not None]
        return function(given=(*given, *option), **more)

    declared: Callable[..., Any] = collected
    for declare in reversed([*map(_flag, FLAGS), _PRESET, _OPTION]):
        declared = declare(declared)
    return declared


_PRESET = click.option(
    "--preset",
    cls=Sectioned,
    section="The audio",
    metavar="NAME",
    shell_complete=lambda context, _, incomplete: presets_beginning(context, incomplete),
    help="one of your presets, for all that is not given here",
)
_OPTION = click.option(
    "-O",
    "--option",
    cls=Sectioned,
    section="The audio",
    type=Wish(),
    multiple=True,
    metavar="NAME=VALUE",
    help="any other: " + ", ".join(name for name in NAMES if name not in FLAGS),
)


def _flag(name: str) -> Callable[..., Any]:
    section = next(section for section, names in _SECTIONS.items() if name in names)
    return click.option(
        f"--{name.replace('_', '-')}",
        name,
        cls=Sectioned,
        section=section,
        type=Value(name),
        metavar=_metavar(name),
        help=_help(name),
    )


def presets_beginning(context: click.Context, incomplete: str) -> list[CompletionItem]:
    """Return the presets that begin so, as the gateway has them; nothing where it does not answer."""
    from cli.client.glance import glance

    found = glance("/presets", Presets, context.params)
    names = [each.name for each in found.items] if found else []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _metavar(name: str) -> str:
    if found := choices(name):
        return "|".join(found)
    if name in TIMES or name in SPANS:
        return "TIME"
    match _type(name):
        case inspect.IntType() | inspect.FloatType():
            return "N"
    return "TEXT" if name in Tags.__struct_fields__ else name.upper()


def _help(name: str) -> str:
    """Return the first sentence of its description."""
    match _described(name):
        case inspect.Metadata(extra_json_schema={"description": str(told)}):
            first = told.partition(". ")[0].removesuffix(".")
            return first[0].lower() + first[1:] if first[1:2].islower() else first
    return _AS_SAID.get(name, "")


def _described(name: str) -> inspect.Type:
    holder = Tags if name in Tags.__struct_fields__ else Options
    [field] = [each for each in msgspec.structs.fields(holder) if each.name == name]
    found = inspect.type_info(field.type)
    if isinstance(found, inspect.UnionType):
        return next(each for each in found.types if not isinstance(each, inspect.NoneType))
    return found


def _type(name: str) -> inspect.Type | None:
    if name not in NAMES:
        return None
    found = _described(name)
    return found.type if isinstance(found, inspect.Metadata) else found
