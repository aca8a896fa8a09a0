"""The options that are asked for, and what they amount to at a gateway: checked before anything is uploaded.

Values are read here by the same rules as at the gateway (`events.wishes`), so a slip costs nothing. Names are
left to the gateway, which may be newer than this client.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from cli.client.answers import Checked, OptionFault, Presets, read_as
from cli.client.errors import ClientError, OptionsRefused, RequestRefused
from cli.client.gateway import Gateway, unreachable
from cli.convert.targets import Output, misnamed, named_by
from cli.errors import WrongArgument
from events.options import Chapters, Format, offered_as
from events.wishes import NAMES, NotUnderstood, canonical

PRESET = "preset"


class Wish(Struct, frozen=True):
    """The options that a gateway is asked for, by name, and all that come of them there.

    `ending` is that of the file's name.
    """

    asked: Mapping[str, str]
    options: Mapping[str, Any]
    ending: str


def asked_for(given: Iterable[tuple[str, str]], output: Output) -> dict[str, str]:
    """Return the options that were typed, and those that the output's name stands for.

    Raises WrongArgument for a value that means nothing, and for a name that stands for something else.
    """
    asked: dict[str, str] = {}
    for name, text in given:
        if asked.setdefault(name, text) != text:
            raise WrongArgument(f"{name} is given as {asked[name]} and as {text}: give it once")
    for name in asked.keys() & set(NAMES):
        try:
            asked[name] = canonical(name, asked[name])
        except NotUnderstood as error:
            raise WrongArgument(f"{name}: {error}") from error
    named = named_by(output)
    if "format" in asked and "format" in named:
        _check_name(output, {**named, "chapters": Chapters.KEEP, **asked})
    return named | asked


def wish(gateway: Gateway, asked: Mapping[str, str], output: Output) -> Wish:
    """Return what a gateway makes of these options. Raises OptionsRefused, ClientError, WrongArgument.

    The format stands in what is asked for, even where it is the account's preset, and so do chapters that
    are split: the file's ending is known before anything is uploaded, and cannot change on the way.
    """
    options = _checked(gateway, asked)
    one_file = "format" in named_by(output)
    if one_file and options.get("chapters") == Chapters.SPLIT and "chapters" not in asked:
        asked = {**asked, "chapters": Chapters.KEEP.value}
        options = _checked(gateway, asked)
    split = {"chapters": Chapters.SPLIT.value} if options.get("chapters") == Chapters.SPLIT else {}
    try:
        decided = {"format": Format(options["format"]).value, **split}
    except (KeyError, ValueError):
        raise ClientError("the gateway speaks of a format that this client does not know") from None
    return Wish({**decided, **asked}, options, _check_name(output, decided))


def suggested(name: str, known: Iterable[str]) -> str:
    """Return a question about the name that was probably meant, or nothing."""
    near = difflib.get_close_matches(name.lower().replace("-", "_"), list(known), n=1, cutoff=0.7)
    return f": did you mean {near[0]}?" if near else ""


def _check_name(output: Output, decided: Mapping[str, str]) -> str:
    """Return the ending of what these options make. Raises WrongArgument if the output's name has another."""
    split = decided.get("chapters") == Chapters.SPLIT
    _, ending = offered_as(Format(decided["format"]), parts=split)
    if why := misnamed(output, ending):
        raise WrongArgument(why)
    return ending


def _checked(gateway: Gateway, asked: Mapping[str, str]) -> Mapping[str, Any]:
    asking = gateway.asking("POST", "/options/check", params=dict(asked), content=b"")
    with unreachable(gateway.url), asking as answer:
        checked = read_as(answer, Checked)
    if checked.options is None:
        told = "; ".join(_faults(gateway, checked.faults, asked))
        raise OptionsRefused(answer.status_code, told or "the options cannot be had")
    return checked.options


def _faults(gateway: Gateway, faults: Iterable[OptionFault], asked: Mapping[str, str]) -> Iterator[str]:
    for fault in faults:
        hint = ""
        if fault.name == PRESET:
            hint = suggested(asked.get(PRESET, ""), _presets(gateway))
        elif fault.name not in NAMES:
            hint = suggested(fault.name, (*NAMES, PRESET))
        yield f"{fault.name}: {fault.detail}{hint}"


def _presets(gateway: Gateway) -> list[str]:
    try:
        with unreachable(gateway.url), gateway.asking("GET", "/presets") as answer:
            return [each.name for each in read_as(answer, Presets).items]
    except (ClientError, RequestRefused):
        return []
