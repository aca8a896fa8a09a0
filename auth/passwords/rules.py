"""Rules for new passwords: NIST SP 800-63B-4, 3.1.1.2. Passwords in use stay good.

A password must be long and not among the first that an attacker tries; its characters are free. Length is
counted in code points after composing them (NFC, as in hashing), so that the keyboard does not matter. The
standard compares whole passwords with common ones, never parts: a sentence may hold such words.
"""

import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from auth.errors import InvalidRequest

SHORTEST = 15
"""Characters, where the password is the only factor."""
Length = Annotated[int, Meta(ge=8, le=64)]
"""The range of the operator's setting."""
LONGEST = 256

_LIST = Path(__file__).with_name("common_passwords.txt")
_SERVICE = "tonearm"
_WORD = 4
"""Letters that make a word; a repetition of fewer is always common."""


class PasswordRules(Struct, frozen=True):
    """The rules, with the least number of characters that the operator wants."""

    shortest: int = SHORTEST

    def __str__(self) -> str:
        """Return the rule as people read it before they choose."""
        return (
            f"At least {self.shortest} characters, of any kind."
            " A sentence is easier to keep in mind than signs, and better."
        )

    def check(self, password: str, email: str) -> None:
        """Raise InvalidRequest, naming the rule, unless the account of this address may have the password."""
        if len(password) > LONGEST:
            raise InvalidRequest(f"password: it may have {LONGEST} characters at most")
        password = unicodedata.normalize("NFC", password)
        if len(password) < self.shortest:
            raise InvalidRequest(f"password: it needs at least {self.shortest} characters")
        if _is_about(password.casefold(), _words_of(email)):
            raise InvalidRequest("password: it is made of the e-mail address or of this service's name")
        if _is_common(password.casefold()):
            raise InvalidRequest(
                "password: it is one of the most common, or two of them joined, or repeats or counts on"
            )


def _is_about(password: str, words: frozenset[str]) -> bool:
    """Return True if it is one of these words, repeated or not, with only digits and signs around it."""
    inner = "".join(each if each.isalpha() else " " for each in password).strip()
    start = password.find(inner[:1]) if inner else 0
    return bool({password, _repeated(password), _repeated(password[start : start + len(inner)])} & words)


def _is_common(password: str) -> bool:
    known, part = _common(), _repeated(password)
    return (
        len(part) < _WORD
        or part in known
        or len({ord(after) - ord(before) for before, after in pairwise(password)}) == 1
        or any(password[:at] in known and password[at:] in known for at in range(_WORD, len(password)))
    )


def _repeated(text: str) -> str:
    """Return what the text repeats, the last time perhaps in part; all of it if it does not."""
    lengths = range(1, len(text) // 2 + 1)
    return next((text[:each] for each in lengths if text[each:] == text[:-each]), text)


def _words_of(email: str) -> frozenset[str]:
    local, _, domain = email.casefold().partition("@")
    found = {_SERVICE, email.casefold(), local, domain, *domain.split(".")}
    return frozenset(each for each in found if len(each) >= _WORD)


@cache
def _common() -> frozenset[str]:
    """Read the list when it is first needed: its notice, an empty line, and words."""
    return frozenset(_LIST.read_text("utf-8").partition("\n\n")[2].split())
