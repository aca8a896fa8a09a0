"""Lines of `key=value` pairs, as many programs in Go write them, and `tail -o logfmt`. Pure."""

import re

import msgspec

from cli.tail.spellings import LEVELS, MESSAGES, TIMES

_PAIR = re.compile(r'([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?:\s+|\Z)')
_KNOWN = frozenset({*TIMES, *LEVELS, *MESSAGES})


def pairs(line: str) -> dict[str, str] | None:
    """Return the pairs of a line that has nothing else, and of which one is a time, a level or a message."""
    fields: dict[str, str] = {}
    at = 0
    while at < len(line):
        match = _PAIR.match(line, at)
        if match is None:
            return None
        fields[match[1]] = _value(match[2])
        at = match.end()
    return fields if len(fields) > 1 and not _KNOWN.isdisjoint(fields) else None


def _value(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        return msgspec.json.decode(text, type=str)
    except (msgspec.DecodeError, UnicodeError):  # an escape that JSON does not know
        return text[1:-1]
