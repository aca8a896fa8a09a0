"""`tonearm presets`: options that you keep for the videos to come, by names and as your defaults."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import click
import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import EXITS, asking
from cli.client.gateway import Gateway
from cli.client.items import items_at
from cli.convert.flags import audio_options, presets_beginning
from cli.errors import NothingFound, WrongArgument
from cli.exits import Exit
from cli.pretty import visible
from cli.tree.command import command
from cli.tree.group import Entry, Group, suggestion
from cli.tree.known import PRESET
from cli.tree.printer import Column, Printer, printing, printing_json

Given = Sequence[tuple[str, str]]


class Preset(Struct, frozen=True):
    """Options under a name: those that were set."""

    name: str
    options: dict[str, Any]


class Deleted(Struct, frozen=True):
    """A preset that is deleted."""

    name: str


_COLUMNS = [
    Column[Preset]("name", lambda each: each.name),
    Column[Preset](
        "options", lambda each: " ".join(f"{name}={text}" for name, text in _rows(each.options)), cut=True
    ),
]
_NAME = click.argument(
    "name",
    shell_complete=lambda context, _, incomplete: presets_beginning(context, incomplete),
    help="the preset's name, as `tonearm presets` prints it",
)
_OF_ONE = {**EXITS, Exit.NOTHING: "there is no such preset"}


@command(
    name="list",
    examples=["tonearm presets list"],
    exits={**EXITS, Exit.NOTHING: "you have none"},
    output="Preset",
)
@printing
@asking
def listing(gateway: Gateway, out: Printer) -> None:
    """Print your presets with their options."""
    if not out.table(items_at(gateway, "/presets"), Preset, _COLUMNS):
        raise NothingFound("you have no presets: `tonearm presets set NAME --format opus` makes one")


@command(examples=["tonearm presets show Speech"], exits=_OF_ONE, output="Preset")
@_NAME
@printing
@asking
def show(gateway: Gateway, name: str, out: Printer) -> None:
    """Print the options of a preset."""
    for item in items_at(gateway, "/presets"):
        preset = msgspec.json.decode(item, type=Preset)
        if preset.name == name:
            out.rows(item, _rows(preset.options))
            return
    raise _none(name, gateway)


@command(
    name="set",
    examples=["tonearm presets set Speech --format opus --channels 1 -O trim_silence=true"],
    exits=EXITS,
    output="Preset",
)
@click.argument("name", type=PRESET, metavar="NAME", help="the preset's name; one that is there is replaced")
@printing_json
@audio_options
@asking
def keep(gateway: Gateway, name: str, given: Given, out: Printer) -> None:
    """Save options under a name: `tonearm convert --preset NAME` uses them."""
    if not given:
        raise WrongArgument("say what the preset has: --format opus, for instance")
    with gateway.asking("PUT", f"/presets/{quote(name, safe='')}", params=dict(given), content=b"") as answer:
        preset = read_as(answer, Preset)
        out.rows(answer.content, _rows(preset.options))


@command(examples=["tonearm presets delete Speech"], exits=_OF_ONE, output=Deleted)
@_NAME
@printing
@asking
def delete(gateway: Gateway, name: str, out: Printer) -> None:
    """Delete a preset. What was converted with it stays as it is."""
    if all(msgspec.json.decode(item, type=Preset).name != name for item in items_at(gateway, "/presets")):
        raise _none(name, gateway)
    with gateway.asking("DELETE", f"/presets/{quote(name, safe='')}"):
        out.line(msgspec.json.encode(Deleted(name)), f"the preset {name} is deleted")


@command(
    examples=[
        "tonearm presets default",
        "tonearm presets default --format m4a --loudness -16",
        "tonearm presets default --clear",
    ],
    exits=EXITS,
    output="Options",
)
@click.option("--clear", is_flag=True, help="forget your defaults: those of the server hold again")
@printing_json
@audio_options
@asking
def default(gateway: Gateway, given: Given, clear: bool, out: Printer) -> None:
    """Print the options of your videos that name none; or set them, in place of those before."""
    if clear and given:
        raise WrongArgument("--clear and options exclude each other")
    if clear:
        with gateway.asking("DELETE", "/preset"):
            pass
    how: dict[str, Any] = {"params": dict(given), "content": b""} if given else {}
    with gateway.asking("PUT" if given else "GET", "/preset", **how) as answer:
        options = read_as(answer, dict[str, Any])
        out.rows(answer.content, _rows(options))


presets = Group(
    "presets",
    {
        "list": Entry("cli.own.presets:listing", "print your presets"),
        "show": Entry("cli.own.presets:show", "print the options of a preset"),
        "set": Entry("cli.own.presets:keep", "save options under a name"),
        "delete": Entry("cli.own.presets:delete", "delete a preset"),
        "default": Entry("cli.own.presets:default", "print or set the options of videos that name none"),
    },
    usual="list",
    examples=["tonearm presets list", "tonearm presets show Speech"],
    help="Options that you keep for the videos to come.",
)


def _none(name: str, gateway: Gateway) -> NothingFound:
    known = [msgspec.json.decode(item, type=Preset).name for item in items_at(gateway, "/presets")]
    alike = [each for each in known if each.casefold() == name.casefold()]
    hint = f"; did you mean {' or '.join(alike)}?" if alike else suggestion(name, known)
    return NothingFound(f"you have no preset {visible(name)}{visible(hint)}")


def _rows(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the options as they are typed; tags stand among them by their own names."""
    for name, value in options.items():
        if isinstance(value, dict):
            yield from _rows(value)
        elif value is not None:
            yield name, value if isinstance(value, str) else msgspec.json.encode(value).decode()
