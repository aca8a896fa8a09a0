"""The verification of ID tokens (OpenID Connect Core 1.0, 3.1.3.7).

Pure: keys and time come in. Only asymmetric algorithms count, each with a key that was published for it.
Refused are a public key that serves as an HMAC secret, `none`, and keys that the token itself brings.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256, sha384, sha512
from typing import Any

import jwt
import msgspec
from msgspec import Struct

from auth.errors import SignInFailed

_HASHES = {"256": sha256, "384": sha384, "512": sha512, "DSA": sha512}
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 60.0
"""Seconds by which the issuer's clock may differ."""
_OLDEST = 600.0
"""Seconds since a token was issued that has come just now."""
_LONGEST = 64 * 1024
"""Characters; people who are in hundreds of groups have long ones."""
_LONGEST_SUBJECT = 255

_jws = jwt.PyJWS()

Claims = dict[str, Any]


class UnknownKey(SignInFailed):
    """The token names a key that is not among these: newer ones may have been published."""


class _Claims(Struct, frozen=True):
    """The required claims, and those that show that the token is meant for another client."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str
    azp: str | None = None
    at_hash: str | None = None


def verify(
    text: str,
    keys: Sequence[dict[str, Any]],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
    now: float,
) -> Claims:
    """Return the claims of a good token. Raises SignInFailed, for the log; UnknownKey is one of them."""
    if len(text) > _LONGEST:
        raise SignInFailed("id_token_length")
    try:
        header = _jws.get_unverified_header(text)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS or header.get("typ", "JWT") != "JWT" or "crit" in header:
            raise SignInFailed("id_token_header")
        key = _key(keys, header.get("kid"), algorithm)
        payload = _jws.decode_complete(text, key, algorithms=[algorithm])["payload"]
        claims, everything = msgspec.json.decode(payload, type=_Claims), msgspec.json.decode(payload)
    except (jwt.PyJWTError, msgspec.DecodeError, UnicodeError, RecursionError, ValueError, TypeError):
        raise SignInFailed("id_token_signature_or_form") from None
    if why := _wrong(claims, issuer, client_id, nonce, now):
        raise SignInFailed(f"id_token_{why}")
    if claims.at_hash is not None and not _is_hash(claims.at_hash, access_token, algorithm):
        raise SignInFailed("id_token_at_hash")
    return dict(everything)


def _key(keys: Sequence[dict[str, Any]], kid: object, algorithm: str) -> jwt.PyJWK:
    """Return the one key that this can be signed with. Raises UnknownKey, and what PyJWT raises."""
    family = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}[algorithm[:2]]
    fitting = [
        each
        for each in keys
        if (kid is None or each.get("kid") == kid)
        and each.get("kty") == family
        and each.get("use", "sig") == "sig"
        and each.get("alg", algorithm) == algorithm
    ]
    if len(fitting) != 1:
        raise UnknownKey("id_token_key")
    return jwt.PyJWK(fitting[0], algorithm)


def _wrong(claims: _Claims, issuer: str, client_id: str, nonce: str, now: float) -> str:
    """Return which claim is wrong; empty for none."""
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if claims.iss != issuer:
        return "iss"
    if client_id not in audiences:
        return "aud"
    # With several audiences, `azp` must name us.
    if (claims.azp or len(audiences) > 1) and claims.azp != client_id:
        return "azp"
    if claims.exp <= now - LEEWAY:
        return "exp"
    if not now - _OLDEST <= claims.iat <= now + LEEWAY:
        return "iat"
    if not hmac.compare_digest(claims.nonce.encode(), nonce.encode()):
        return "nonce"
    return "" if _is_key(claims.sub) else "sub"


def _is_key(subject: str) -> bool:
    """Return True if every database compares it alike: printable ASCII (Core, 2), no blanks at its ends."""
    printable = subject.isascii() and subject.isprintable()
    return 0 < len(subject) <= _LONGEST_SUBJECT and printable and subject == subject.strip()


def _is_hash(shown: str, access_token: str, algorithm: str) -> bool:
    """Return True if this is the left half of the access token's hash (Core, 3.1.3.6)."""
    digest = _HASHES[algorithm[-3:]](access_token.encode()).digest()
    half = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    return hmac.compare_digest(shown.encode(), half)
