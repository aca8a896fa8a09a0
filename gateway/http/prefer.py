"""The preference `wait` (RFC 7240): for how many seconds a client likes to wait for an answer. Pure.

A preference asks and does not demand: what cannot be read, or is too long, is as if it had not been sent.
"""

import re
from collections.abc import Iterable

NAME = "Preference-Applied"
"""The header that says which preference was followed."""

_LONGEST = 1000
"""Characters of the header that are worth reading."""
_EACH = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*")+')
"""A preference, with its parameters. A comma within quotation marks parts nothing."""
_WAIT = re.compile(r'\s*wait\s*=\s*("?)([0-9]+)\1\s*(?:;.*)?', re.IGNORECASE | re.DOTALL)


def wait(values: Iterable[str], most: int) -> int | None:
    """Return the seconds, at most `most`; None for a client that does not like to wait.

    `values` are those of all its headers `Prefer`. The first `wait` among them counts (RFC 7240, 2).
    """
    text = ",".join(values)
    if len(text) > _LONGEST:
        return None
    found = next(filter(None, map(_WAIT.fullmatch, _EACH.findall(text))), None)
    return min(int(found[2]), most) if found else None


def applied(seconds: int | None) -> dict[str, str]:
    """Return the header for an answer that waited, or would have; none where nobody asked for it."""
    return {} if seconds is None else {NAME: f"wait={seconds}"}
