"""A sign-in that is under way, as the browser carries it in a cookie to the issuer and back.

It is signed, so no server has to remember people who never come back, and every replica can finish it. It
binds the answer to this browser (state), the code to this attempt (PKCE) and the ID token (nonce).
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Self

import jwt
import msgspec
from msgspec import Struct

from auth.errors import InvalidRequest, SignInFailed
from auth.keys.access_tokens import ALGORITHM, PublicKeys
from auth.keys.keyring import SigningKey

SECONDS = 600
"""The time that a person may take at the issuer."""
TYPE = "tonearm-sign-in+jwt"
_LONGEST = 4096
_LONGEST_PATH = 1000
# To a browser `//host` and `/\host` are other hosts, and it leaves tabs and line ends out.
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")

_jws = jwt.PyJWS()


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt. `expires` is in Unix seconds; the repr shows none of its secrets."""

    provider: str
    state: str
    nonce: str
    verifier: str
    return_to: str
    expires: int

    @classmethod
    def new(cls, provider: str, return_to: str, now: float) -> Self:
        """Begin one. Raises InvalidRequest unless `return_to` is a path on this site."""
        if len(return_to) > _LONGEST_PATH or not _PATH.fullmatch(return_to):
            raise InvalidRequest("return_to: this is no path on this site")
        return cls(
            provider=provider,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            return_to=return_to,
            expires=int(now) + SECONDS,
        )

    @property
    def challenge(self) -> str:
        """The verifier's hash (RFC 7636, S256)."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def is_answered_by(self, state: str) -> bool:
        """Return True if an answer with this state belongs to this attempt."""
        return hmac.compare_digest(self.state.encode(), state.encode())

    def __repr__(self) -> str:
        return f"Attempt({self.provider!r})"


def sealed(attempt: Attempt, key: SigningKey) -> str:
    """Return the attempt as the browser keeps it."""
    return _jws.encode(msgspec.json.encode(attempt), key.key, ALGORITHM, {"typ": TYPE, "kid": key.kid})


def opened(text: str, keys: PublicKeys, now: float) -> Attempt:
    """Return the attempt that the browser shows. Raises SignInFailed, as it may have taken too long."""
    try:
        if len(text) > _LONGEST:
            raise SignInFailed("cookie")
        header = _jws.get_unverified_header(text)
        key = keys.get(header.get("kid", ""))
        if key is None or header.get("typ") != TYPE:
            raise SignInFailed("cookie")
        payload = _jws.decode_complete(text, key, algorithms=[ALGORITHM])["payload"]
        attempt = msgspec.json.decode(payload, type=Attempt)
    except (jwt.PyJWTError, msgspec.DecodeError, UnicodeError, RecursionError):
        raise SignInFailed("cookie") from None
    if attempt.expires <= now:
        raise SignInFailed("expired")
    return attempt
