"""The names of presets, as people write them. Pure."""

import unicodedata

from events.texts import is_seen, one_line
from events.wishes import NotUnderstood

LONGEST = 60
"""Characters."""
_OF_PATHS = (".", "..")
"""Clients take these out of an address."""


def cleaned(text: str) -> str:
    """Return the name as it is kept: one line, without harmful characters. Raises NotUnderstood."""
    name = unicodedata.normalize("NFC", one_line(text)) if len(text) <= 4 * LONGEST else text
    if len(name) > LONGEST or not is_seen(name) or name in _OF_PATHS:
        raise NotUnderstood(f"give a preset's name, of 1 to {LONGEST} visible characters")
    return name
