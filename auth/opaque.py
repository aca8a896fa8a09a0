"""Opaque secrets that we hand out: refresh tokens, API keys, and what stands in the links of letters.

A known prefix and a checksum at the end, so that scanners of repositories and logs find what leaked and are
not fooled by what only looks alike. Only a hash is stored: with 256 random bits a plain SHA-256 will do.
"""

import hashlib
import re
import secrets
import zlib

REFRESH = "tonearmr_"
"""How refresh tokens begin."""
API_KEY = "tonearm_"
"""How API keys begin."""
LETTER = "tonearml_"
"""How the tokens in letters begin."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET, _CHECK = 43, 6
_FORM = re.compile(rf"tonearm[lr]?_[0-9A-Za-z]{{{_SECRET + _CHECK},{2 * _SECRET + _CHECK}}}")


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
    """Tell whether this can be one of ours, without asking any store."""
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
