"""Password hashes that other programs have made: recognised and verified.

An imported account keeps its hash until the next sign-in replaces it. Text that looks like a hash is taken
for one: read as a password, it would let in a thief of the old table.
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode
from collections.abc import Callable
from enum import StrEnum

import bcrypt

MAX_LENGTH = 1024
_MOST_MEMORY_KIB = 128 * 1024
"""For each core's hash; a service may have 512 MB."""
_MOST_LANES = 16
"""Threads that argon2 starts for one hash."""
_MOST_ARGON2 = 1024 * 1024
"""KiB times passes: about a second. The hash decides the cost of verifying, which anybody may cause."""
_MOST_BCRYPT = 14
_MOST_PBKDF2 = 4_000_000


class Kind(StrEnum):
    """The kinds of values in an imported column `password`."""

    PLAIN = "plain"
    ARGON2 = "argon2"
    BCRYPT = "bcrypt"
    PBKDF2 = "pbkdf2"
    SCRYPT = "scrypt"
    UNKNOWN = "other hashes"
    NONE = "none"


_ARGON2 = re.compile(r"(?:argon2)?(\$argon2(?:id|i|d)\$v=\d+\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3})\$\S+\$\S+)")
_BCRYPT = re.compile(r"(?:bcrypt\$)?(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53})")
_WERKZEUG_PBKDF2 = re.compile(r"pbkdf2:(sha1|sha256|sha512):(\d{1,8})\$([^$]+)\$([0-9a-f]+)")
_DJANGO_PBKDF2 = re.compile(r"pbkdf2_(sha1|sha256)\$(\d{1,8})\$([^$]+)\$([A-Za-z0-9+/=]+)")
_SCRYPT = re.compile(r"scrypt:(\d{1,8}):(\d{1,3}):(\d{1,3})\$([^$]+)\$([0-9a-f]{128})")  # Werkzeug's
_LOOKS_HASHED = re.compile(
    r"\$[A-Za-z0-9,_-]{1,32}\$.{8,}"  # crypt(3), PHC
    r"|\{[A-Za-z0-9._-]{2,20}\}.{8,}"  # LDAP, Spring
    r"|[a-z0-9_:]{3,60}\$[^$]*\$.{16,}"  # Django, Werkzeug
    r"|\*?[0-9A-Fa-f]{32,}"  # MD5, SHA, MySQL's PASSWORD()
    r"|[A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{27}=|[A-Za-z0-9+/_-]{40,}={0,2}"  # the same in Base64
)


def kind(stored: str) -> Kind:
    """Return the kind of a value. For the kinds before UNKNOWN a password can be verified later."""
    if not stored:
        return Kind.NONE
    if len(stored) <= MAX_LENGTH and (found := _verifier(stored)):
        return found[0]
    return Kind.UNKNOWN if _LOOKS_HASHED.fullmatch(stored) or len(stored) > MAX_LENGTH else Kind.PLAIN


def kept(stored: str) -> str:
    """Return the hash as it is stored: without a framework's prefix."""
    found = _ARGON2.fullmatch(stored) or _BCRYPT.fullmatch(stored)
    return found[1] if found else stored


def verify(password: bytes, stored: str) -> bool:
    """Return True if the password fits a hash other than argon2's; False if that cannot be verified."""
    found = _verifier(stored)
    try:
        return found is not None and found[1](password)
    except ValueError:  # numbers that the library refuses
        return False


def _verifier(stored: str) -> tuple[Kind, Callable[[bytes], bool]] | None:
    """Return the kind and a verifier; None if there is none, or it would cost too much."""
    if match := _ARGON2.fullmatch(stored):
        memory, passes, lanes = int(match[2]), int(match[3]), int(match[4])
        cheap = memory <= _MOST_MEMORY_KIB and memory * passes <= _MOST_ARGON2 and lanes <= _MOST_LANES
        return (Kind.ARGON2, lambda _: False) if cheap else None  # `passwords` does these itself
    if match := _BCRYPT.fullmatch(stored):
        text, cost = match[1].encode(), int(match[2])
        # 72 bytes are all that bcrypt has ever looked at.
        return (
            (Kind.BCRYPT, lambda password: bcrypt.checkpw(password[:72], text))
            if cost <= _MOST_BCRYPT
            else None
        )
    if match := _WERKZEUG_PBKDF2.fullmatch(stored) or _DJANGO_PBKDF2.fullmatch(stored):
        name, rounds, salt = match[1], int(match[2]), match[3].encode()
        try:
            wanted = bytes.fromhex(match[4]) if ":" in stored else b64decode(match[4], validate=True)
        except (ValueError, binascii.Error):
            return None
        if not wanted or not 0 < rounds <= _MOST_PBKDF2:
            return None
        return Kind.PBKDF2, lambda password: hmac.compare_digest(
            hashlib.pbkdf2_hmac(name, password, salt, rounds), wanted
        )
    if match := _SCRYPT.fullmatch(stored):
        n, r, p = int(match[1]), int(match[2]), int(match[3])
        salt, wanted = match[4].encode(), bytes.fromhex(match[5])
        memory = 132 * n * r * p
        if n < 2 or n & (n - 1) or not r or not p or memory > _MOST_MEMORY_KIB * 1024:
            return None
        return Kind.SCRYPT, lambda password: hmac.compare_digest(
            hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=64), wanted
        )
    return None
