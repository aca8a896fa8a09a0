"""Opaque secrets: refresh tokens, API keys, codes of devices, and the tokens in links of letters.

Each has a known prefix and a checksum at its end. So scanners of repositories and logs find a leaked one, and
look-alikes do not fool them. Only a hash is stored: for 256 random bits a plain SHA-256 is enough.
"""

import hashlib
import re
import secrets
import zlib

REFRESH = "tonearmr_"
"""The prefix of refresh tokens."""
API_KEY = "tonearm_"
"""The prefix of API keys."""
LETTER = "tonearml_"
"""The prefix of tokens in letters."""
DEVICE = "tonearmd_"
"""The prefix of the codes by which devices ask to be let in."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET, _CHECK = 43, 6
_FORM = re.compile(rf"tonearm[dlr]?_[0-9A-Za-z]{{{_SECRET + _CHECK},{2 * _SECRET + _CHECK}}}")


def make(prefix: str, family: str = "") -> str:
    """Return a new secret; `family` is a part that several have in common (see `family_of`)."""
    body = prefix + family + "".join(secrets.choice(_DIGITS) for _ in range(_SECRET))
    return body + _check(body)


def make_family() -> str:
    """Return what all refresh tokens of one session begin with, as secret as the rest."""
    return "".join(secrets.choice(_DIGITS) for _ in range(_SECRET))


def family_of(text: str) -> str:
    """Return the part that the tokens of a session share."""
    return text.removeprefix(REFRESH)[:_SECRET]


def is_well_formed(text: str, prefix: str) -> bool:
    """Return True if prefix, form and checksum are right; no store is asked."""
    return (
        text.startswith(prefix) and bool(_FORM.fullmatch(text)) and text[-_CHECK:] == _check(text[:-_CHECK])
    )


def digest(text: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(text.encode()).digest()


def _check(body: str) -> str:
    """Return CRC-32 in base 62: it finds typing errors and look-alikes, and proves nothing."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
