"""Texts of strangers, made fit to be shown: titles, tags, file names, mails, terminals. Pure.

What a script or an emoji needs stays: joiners (U+200C, U+200D), soft hyphens, the marks LRM, RLM and ALM,
blanks of any width, characters that are newer than this Python. Only what harms a header, a path or a
terminal goes: controls, line ends, lone surrogates, noncharacters, and the characters that turn what follows
them around (UAX 9).
"""

import re
import unicodedata

HARMFUL = (
    "\x00-\x1f\x7f-\x9f\u2028\u2029"  # controls and line ends
    "\u202a-\u202e\u2066-\u206f"  # embeddings, overrides, isolates, and their deprecated kin
    "\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"  # no characters, or marks of an editor
)
"""Inside the brackets of a regular expression."""

BLANK = "\u2800"
"""The pattern of Braille without a dot: a sign by its category, and a blank to the eye."""
_HARMFUL = re.compile(f"[{HARMFUL}]")
_BLANKS = re.compile("  +")


def harmless(text: str, instead: str = " ") -> str:
    """Return the text with something else in place of each harmful character."""
    return _HARMFUL.sub(instead, text)


def one_line(text: str) -> str:
    """Return the text as one harmless line, without blanks at its ends and without several in a row."""
    return _BLANKS.sub(" ", harmless(text)).strip()


def is_seen(text: str) -> bool:
    """Return True if the text has a character that shows something: more than blanks and joiners."""
    return any(
        not char.isspace() and char not in BLANK and unicodedata.category(char) != "Cf" for char in text
    )
