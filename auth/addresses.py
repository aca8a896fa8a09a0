"""E-mail addresses: what may be registered, how an account is found by one, and what letters it is made of.

Accounts from before these rules keep their addresses, and are found by them.
"""

import unicodedata
from collections.abc import Sequence
from contextlib import suppress

import email_validator
import idna
import structlog
from email_validator import EmailNotValidError, validate_email

from auth.errors import InvalidRequest
from auth.stores.directory import Account, Directory, normalised
from events.texts import BLANK

email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()  # a house may well have mail at `.local` or `localhost`

log = structlog.get_logger()

_WRITTEN_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
"""Alphabets that one word may mix (UTS 39, 5.2, "highly restrictive"), as characters' names begin."""


def registrable(email: str) -> str:
    """Return the address of a new account. Raises InvalidRequest.

    It is `normalised`, a dot-atom of RFC 5322 and 6532 without a character that cannot be seen, at a domain
    that IDNA 2008 allows. The domain is written in its own letters, not as `xn--…`.
    """
    email = normalised(email)
    if any(_is_unseen(each) for each in email):
        raise InvalidRequest("email: it holds a character that cannot be seen")
    try:
        found = validate_email(email, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError:
        raise InvalidRequest("email: this is not an e-mail address") from None
    return normalised(found.normalized)


def spellings(email: str) -> tuple[str, ...]:
    """Return the forms in which an account may have this address, the one of `registrable` first.

    Raises InvalidRequest.
    """
    typed = normalised(email)
    local, _, domain = typed.rpartition("@")
    domains = [domain]
    if not domain.isascii() or "xn--" in domain:
        with suppress(EmailNotValidError):
            found = validate_email(f"a@{domain}", check_deliverability=False, globally_deliverable=False)
            domains = [found.domain, domain, found.ascii_domain]
    # Once more: lower case can bring forth what is not composed.
    forms = (normalised(f"{local}@{each}") for each in domains)
    return tuple(dict.fromkeys((*forms, typed)))


async def account_of(directory: Directory, email: str) -> Account | None:
    """Return the account of an address. Raises InvalidRequest, DirectoryUnavailable."""
    for each in spellings(email):
        if found := await directory.by_email(each):
            return found
    return None


def mixture(email: str) -> Sequence[str]:
    """Return the alphabets that one word of the address mixes, though nobody writes them together."""
    for word in email.replace("@", ".").split("."):
        mixed = {_alphabet(each) for each in word if each.isalpha()}
        if len(mixed) > 1 and not any(mixed <= each for each in _WRITTEN_TOGETHER):
            return sorted(mixed)
    return ()


def remark(email: str) -> str:
    """Return what nobody may see by looking at the address: letters that are not a to z. Empty if all are."""
    if mixed := mixture(email):
        return f"a look-alike? one word mixes {' and '.join(mixed)} letters"
    odd = {_alphabet(each) for each in email if each.isalpha() and not each.isascii()}
    return f"with letters of {' and '.join(sorted(odd))}, not a to z" if odd else ""


def log_look_alike(account: Account) -> None:
    """Tell the operator of a new account whose address mixes alphabets, without the address."""
    if mixed := mixture(account.email):
        log.warning("look_alike_registered", account_id=account.account_id, alphabets=mixed)


def _alphabet(letter: str) -> str:
    """Return the alphabet of a letter, as its Unicode name begins: LATIN, CYRILLIC, CJK."""
    return unicodedata.name(letter, "UNKNOWN").split()[0]


def _is_unseen(character: str) -> bool:
    """Return True for what is shown as nothing: control characters, direction marks, fillers, selectors."""
    if character.isascii():
        return not character.isprintable()
    try:
        ignored = not idna.uts46_remap(character, std3_rules=False)
    except idna.IDNAError:
        ignored = False
    return ignored or character in BLANK or not character.isprintable()
