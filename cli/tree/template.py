"""Lines as people want them: `--format '{job_id} {audio[bytes]:>12,}'`, filled from a JSON object."""

import re
import string
from collections.abc import Mapping, Sequence
from typing import Any

from cli.errors import WrongArgument
from cli.pretty import visible
from cli.times import parse_time

_TOO_WIDE = re.compile(r"\d{5}|{")
"""A field that wide is a mistake, or one that a value decides: it may take all the memory there is."""
_WIDTH = re.compile(r"(?:.?[<>=^])?[-+ z#0]*(\d*)")
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\0": "\0"}


class Template(string.Formatter):
    """A template in the language of `str.format`. It looks into objects and lists, and nothing else.

    A name that is not there is empty: not every job has audio. So is null. A time that is written as in
    `{created:%H:%M}` is local.
    """

    def __init__(self, text: str, *, strict: bool = True, option: str = "--format") -> None:
        """Raises WrongArgument, which names the `option`, when it is none.

        Not `strict`: a value that cannot be written so is written as it is, for lines that differ.
        """
        for written, meant in _ESCAPES.items():
            text = text.replace(written, meant)
        self._text, self._strict = text, strict
        self.names: set[str] = set()
        """The names that it looks up, without what it looks for within."""
        try:
            for _, name, spec, _ in self.parse(text):
                if name is not None and _TOO_WIDE.search(spec or ""):
                    raise ValueError(f"{{{name}:{spec}}}: a width is a number up to 9999")
            self.filled({})
        except (ValueError, TypeError, RecursionError) as error:
            raise WrongArgument(f"{option}: {error}: {{job_id}}, for instance, or {{audio[bytes]}}") from None

    def filled(self, document: Mapping[str, Any]) -> str:
        """Return the line. Raises ValueError for a value that cannot be written so."""
        return self.vformat(self._text, (), document)

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        """Look up a name, and what is meant within it: `a[b]`, `a[0]`, or `a.b`."""
        first, rest = string._string.formatter_field_name_split(field_name)  # type: ignore[attr-defined]
        if not isinstance(first, str):
            raise ValueError(f"{{{field_name}}} is no name")
        self.names.add(first)
        found = kwargs.get(first)
        for _, key in rest:
            found = _within(found, key)
        return found, first

    def format_field(self, value: Any, format_spec: str) -> str:
        """Write a value: text as it may be shown, null and what is absent as nothing."""
        try:
            return _written(value, format_spec)
        except (ValueError, OverflowError) as error:
            if self._strict:
                raise ValueError(str(error)) from None
            return f"{visible(value if isinstance(value, str) else _plain(value)):{_width(format_spec)}}"


def _written(value: Any, spec: str) -> str:
    if value is None:
        return f"{'':{_width(spec)}}" if spec else ""
    if isinstance(value, str):
        time = parse_time(value) if "%" in spec else None
        return time.astimezone().strftime(spec) if time else format(visible(value), spec)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return format(visible(_plain(value)), spec)
    return visible(format(value, spec))  # `c` makes a letter of a number


def _within(found: Any, key: str | int) -> Any:
    if isinstance(found, Mapping):
        return found.get(str(key))
    if isinstance(found, Sequence) and not isinstance(found, str) and isinstance(key, int):
        return found[key] if key < len(found) else None
    return None


def _plain(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _width(spec: str) -> str:
    """Return the part of a format that also suits no value: its width."""
    found = _WIDTH.match(spec)
    return found[1] if found else ""
