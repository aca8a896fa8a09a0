"""Who signs access tokens, and which signatures count."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth import tokens
from auth.directory import Account
from auth.tokens import Claims, Token
from events.ids import new_id


class Signer:
    """Signs access tokens of `lifetime` seconds, and reads them again."""

    def __init__(self, key: Ed25519PrivateKey, *, clock: Callable[[], datetime], lifetime: int) -> None:
        """`clock` returns an aware time."""
        self._key, self._clock, self.lifetime = key, clock, lifetime
        public = tokens.jwk(key.public_key())
        self._public = {public["kid"]: key.public_key()}
        self._jwks = {"keys": [public]}

    def jwks(self) -> dict[str, Any]:
        """Return the public keys (RFC 7517)."""
        return self._jwks

    def sign(self, account: Account, session_id: str, scopes: Sequence[str]) -> Token:
        """Issue an access token of this session."""
        return tokens.issue(
            self._key,
            account_id=account.account_id,
            roles=account.roles,
            session_id=session_id,
            scopes=scopes,
            token_id=new_id(),
            now=self._clock(),
            lifetime=self.lifetime,
        )

    def read(self, token: str) -> Claims:
        """Return what a token says that is signed by us and has not expired. Raises InvalidToken."""
        return tokens.verify(token, self._public, now=self._clock())
