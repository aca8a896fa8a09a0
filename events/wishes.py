"""Options as people and programs write them: from a text, by the option's name, to a value of its type. Pure.

The query, forms, JSON, presets and the command line are all read here, so all understand the same: times
such as `1:30` or `1m30s`, `192K`, `MP3`, `aac`, `44.1 kHz`, `1,5`. Each text has one canonical form, which is
kept.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from events.errors import TonearmError
from events.options import SAMPLE_RATES, Options, Tags
from events.timing import chapters

TAGS = Tags.__struct_fields__
NAMES = (*(name for name in Options.__struct_fields__ if name != "tags"), *TAGS)
"""Every name that may be given: a tag is named like any other option."""

TIMES = ("start", "end", "fade_in", "fade_out", "cover_at")
"""Options in seconds, which may be written as times."""

SPANS = ("retain_video", "retain_audio", "retain_record")
"""Options in seconds, which may be written in days and weeks."""

_SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "format": {"aac": "m4a", "vorbis": "ogg", "wave": "wav"},
    "channels": {"1": "mono", "2": "stereo"},
}
_UNITS = {"loudness": "lufs", "shorten_pauses": "s(?:ec)?", "true_peak": "dbtp|db", "speed": "x|×"}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_LONGEST = 60
"""Characters of a value that is no free text."""

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]{1,3})?"
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9]{1,2}(?![0-9]))")
"""A decimal comma. Before three digits it may be meant for thousands."""
_CLOCK = re.compile(r"(?:([0-9]+):)?([0-9]+):([0-9]{1,2}(?:[.,][0-9]+)?)")
_PARTS = re.compile(
    r"(?:([0-9.]+)\s*h)?\s*(?:([0-9.]+)\s*m(?:in)?(?!s))?\s*(?:([0-9.]+)\s*s(?:ec)?)?\s*(?:([0-9.]+)\s*ms)?"
)
_SPAN = re.compile(r"(?:([0-9.]+)\s*w)?\s*(?:([0-9.]+)\s*d)?\s*(.*)")
_LEVEL = re.compile(r"v\s*([0-9])")
_RATE = re.compile(r"([0-9]+)\s*k(?:b(?:it)?(?:/s|ps))?")
_HERTZ = re.compile(rf"({_NUMBER})\s*(k?)(?:hz)?")


class NotUnderstood(TonearmError):
    """The text is no value of the option. This error's text names what would be one."""


class _Kind(NamedTuple):
    type: inspect.Type
    may_be_none: bool


def value(name: str, text: str) -> Any:
    """Return the value that a text means for an option of this name. Raises NotUnderstood.

    An empty text is None for an option that may be absent; an empty tag is a tag that is left out.
    """
    kind, told = _KINDS[name], text.strip().lower().replace("−", "-")
    found: Any
    if told == "" and kind.may_be_none and name not in TAGS:
        return None
    match kind.type:
        case inspect.StrType(max_length=longest):
            found = _TEXTS[name](text) if name in _TEXTS else text
            if longest is not None and len(found) > longest:
                raise NotUnderstood(f"give {longest} characters at most")
            return found
        case _ if len(told) > _LONGEST:
            found = None
        case inspect.EnumType(cls=cls):
            found = _SYNONYMS.get(name, {}).get(told, told)
            found = cls(found) if found in set(cls) else None
        case inspect.BoolType():
            found = True if told in _TRUE else False if told in _FALSE else None
        case inspect.IntType() | inspect.FloatType() as number:
            found = _bounded(number, _measured(name, told))
    if found is None:
        raise NotUnderstood(f"{_rule(name, kind.type)}, not {text[:_LONGEST] or 'nothing'}")
    return found


def canonical(name: str, text: str) -> str:
    """Return the one text for what this text means. Raises NotUnderstood."""
    return as_text(value(name, text))


def as_text(told: Any) -> str:
    """Return a value, or a scalar of JSON, as a text."""
    if told is None:
        return ""
    if isinstance(told, bool):
        return "true" if told else "false"
    if isinstance(told, Enum):
        return str(told.value)
    return repr(told).removesuffix(".0") if isinstance(told, float) else str(told)


def _quality(text: str) -> str:
    """Return a quality as it is kept; what is none is left to `events.options.faults`."""
    told = text.strip().lower()
    if match := _LEVEL.fullmatch(told):
        return f"V{match[1]}"
    if match := _RATE.fullmatch(told):
        return f"{match[1]}k"
    return told if told in ("", "source") else text


def _marks(text: str) -> str:
    try:
        return chapters.canonical(text)
    except chapters.NotChapters as error:
        raise NotUnderstood(str(error)) from error


_TEXTS = {"quality": _quality, "marks": _marks}


def span(text: str) -> float | None:
    """Return the seconds that a length of time means: 90, 90s, 30m, 12h, 7d, 1d 12h, 2w. None: it is none."""
    told = text.strip().lower()
    match = _SPAN.fullmatch(told)
    if match is None or not any(match.groups()):
        return None
    rest = _seconds(match[3]) if match[3] else 0.0
    try:
        return None if rest is None else float(match[1] or 0) * 604800 + float(match[2] or 0) * 86400 + rest
    except ValueError:
        return None


def _measured(name: str, told: str) -> float | None:
    if name in SPANS:
        return span(told)
    told = _COMMA.sub(".", told)
    return _seconds(told) if name in TIMES else _number(name, told)


def _number(name: str, told: str) -> float | None:
    if name == "sample_rate":
        match = _HERTZ.fullmatch(told)
        return float(match[1]) * (1000 if match[2] else 1) if match else None
    match = re.fullmatch(rf"({_NUMBER})\s*(?:{_UNITS.get(name, '')})?", told)
    return float(match[1]) if match else None


def _seconds(told: str) -> float | None:
    """Return the seconds that a time means: 90, 90.5, 1:30, 0:01:30.5, 90s, 1m30s, 1 h 2 min."""
    if re.fullmatch(_NUMBER, told):
        return float(told)
    if match := _CLOCK.fullmatch(told):
        hours, minutes, seconds = int(match[1] or 0), int(match[2]), float(match[3].replace(",", "."))
        right = seconds < 60 and (match[1] is None or minutes < 60)
        return round(3600 * hours + 60 * minutes + seconds, 6) if right else None
    match = _PARTS.fullmatch(told)
    if match is None or not any(match.groups()):
        return None
    try:
        parts = [float(part or 0) for part in match.groups()]
    except ValueError:
        return None
    return round(sum(part * of for part, of in zip(parts, (3600, 60, 1, 0.001), strict=True)), 6)


def _bounded(number: inspect.IntType | inspect.FloatType, found: float | None) -> float | int | None:
    """Return the number if it is within the type's bounds."""
    if found is None or (isinstance(number, inspect.IntType) and not found.is_integer()):
        return None
    low = (number.ge is None or found >= number.ge) and (number.gt is None or found > number.gt)
    high = (number.le is None or found <= number.le) and (number.lt is None or found < number.lt)
    if not low or not high:
        return None
    return int(found) if isinstance(number, inspect.IntType) else found


def _rule(name: str, kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType() if name == "sample_rate":
            return f"give one of {', '.join(map(str, SAMPLE_RATES))}"
        case inspect.EnumType(cls=cls):
            return f"give one of {', '.join(each.value for each in cls)}"
        case inspect.BoolType():
            return "give true or false"
        case inspect.FloatType() as number if name in SPANS:
            return f"give a length of time{_bounds(number)} seconds, such as 90, 30m, 12h, 7d or 2w"
        case inspect.IntType() | inspect.FloatType() as number if name not in TIMES:
            whole = "a whole number" if isinstance(number, inspect.IntType) else "a number"
            return f"give {whole}{_bounds(number)}"
        case inspect.FloatType() as number:
            return f"give a time{_bounds(number)} seconds, such as 90, 1:30, 0:01:30.5 or 1m30s"
    raise AssertionError(f"{name} is a text")


def _bounds(number: inspect.IntType | inspect.FloatType) -> str:
    if number.gt is not None:
        return f" of more than {number.gt:g}, and up to {number.le:.0f}"
    return f" from {number.ge:g} to {number.le:.0f}" if number.ge is not None else ""


def _kinds() -> dict[str, _Kind]:
    fields = [*msgspec.structs.fields(Options), *msgspec.structs.fields(Tags)]
    return {field.name: _kind(inspect.type_info(field.type)) for field in fields if field.name != "tags"}


def _kind(found: inspect.Type, *, may_be_none: bool = False) -> _Kind:
    match found:
        case inspect.Metadata(type=type_):
            return _kind(type_, may_be_none=may_be_none)
        case inspect.UnionType(types=types):
            [type_] = [each for each in types if not isinstance(each, inspect.NoneType)]
            return _kind(type_, may_be_none=True)
    return _Kind(found, may_be_none)


_KINDS = _kinds()
