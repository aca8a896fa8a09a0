"""Access tokens: JWTs signed with Ed25519 (RFC 7519, 8037), typed `at+jwt` (RFC 9068).

Pure: the key and the time come in. A token is checked in this order: its length, its header (`alg` and `typ`
are compared, `kid` is only looked up), its signature, its claims.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from auth.errors import InvalidToken

ISSUER = "tonearm"
AUDIENCE = "tonearm"
TYPE = "at+jwt"
ALGORITHM = "EdDSA"
MAX_LENGTH = 4096
"""Characters of a token. Ours have about 400; a parser should not be offered megabytes."""

PublicKeys = Mapping[str, Ed25519PublicKey]
"""The keys whose signatures count, by `kid`."""


class Claims(Struct, frozen=True, kw_only=True):
    """The claims of a token. All are required; times are Unix seconds.

    `sid` is the session or API key that it belongs to; `scope` is a list in one text (RFC 8693, 4.2).
    """

    iss: str
    aud: str
    sub: str
    exp: int
    iat: int
    jti: str
    sid: str
    scope: str
    roles: tuple[str, ...]


class Holder(Struct, frozen=True, kw_only=True):
    """The account, its session or API key, and the rights that a token stands for."""

    account_id: str
    session_id: str
    roles: tuple[str, ...]
    scopes: Sequence[str]


class Token(Struct, frozen=True):
    """A signed token and its claims. The repr leaves the token out."""

    text: str
    claims: Claims

    def __repr__(self) -> str:
        return f"Token({self.claims!r})"


_jws = jwt.PyJWS()


def jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """Return the public key as a JSON Web Key, its `kid` the thumbprint of RFC 7638."""
    required = {"crv": "Ed25519", "kty": "OKP", "x": _b64(key.public_bytes_raw())}
    thumbprint = hashlib.sha256(msgspec.json.encode(required, order="sorted")).digest()
    return {**required, "kid": _b64(thumbprint), "use": "sig", "alg": ALGORITHM}


def issue(key: Ed25519PrivateKey, holder: Holder, *, token_id: str, now: datetime, lifetime: int) -> Token:
    """Sign a token that is good for `lifetime` seconds."""
    issued = int(now.timestamp())
    claims = Claims(
        iss=ISSUER,
        aud=AUDIENCE,
        sub=holder.account_id,
        exp=issued + lifetime,
        iat=issued,
        jti=token_id,
        sid=holder.session_id,
        scope=" ".join(holder.scopes),
        roles=holder.roles,
    )
    headers = {"typ": TYPE, "kid": jwk(key.public_key())["kid"]}
    return Token(_jws.encode(msgspec.json.encode(claims), key, ALGORITHM, headers), claims)


def verify(text: str, keys: PublicKeys, *, now: datetime) -> Claims:
    """Return the claims of a good token. Raises InvalidToken with the reason."""
    if len(text) > MAX_LENGTH:
        raise InvalidToken("the token is too long")
    try:
        header = _jws.get_unverified_header(text)
        if header.get("typ") != TYPE:
            raise InvalidToken("the token is not an access token")
        key = keys.get(header.get("kid", ""))
        if key is None:
            raise InvalidToken("the token is signed with a key that is not known")
        payload = _jws.decode_complete(text, key, algorithms=[ALGORITHM])["payload"]
        claims = msgspec.json.decode(payload, type=Claims)
    except (jwt.PyJWTError, msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidToken("the token is not well formed or not signed by us") from error
    if (claims.iss, claims.aud) != (ISSUER, AUDIENCE):
        raise InvalidToken("the token is meant for somebody else")
    if claims.exp <= now.timestamp():
        raise InvalidToken("the token has expired")
    return claims


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
