"""Signing access tokens, and verifying their signatures."""

import asyncio
import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from auth.errors import KeyUnusable
from auth.keys import access_tokens
from auth.keys.access_tokens import Claims, Holder, PublicKeys, Token
from auth.keys.keyfile import KeyFiles
from auth.keys.keyring import Keyring, SigningKey
from auth.stores.directory import Account
from events.ids import new_id

_LOOK_EVERY = 2.0
"""Seconds between two looks for new keys."""
_PAUSE = timedelta(hours=1)
"""After a rotation that did not work."""

log = structlog.get_logger()


class Signer:
    """Signs access tokens of `lifetime` seconds, and reads them again."""

    def __init__(self, keys: Keyring, *, clock: Callable[[], datetime], lifetime: int) -> None:
        """`clock` returns an aware time."""
        self._keys, self._clock, self.lifetime = keys, clock, lifetime

    def jwks(self) -> tuple[dict[str, Any], int]:
        """Return the public keys (RFC 7517), and for how many seconds they may be kept."""
        published = self._keys.published(self._clock())
        return {"keys": [access_tokens.jwk(each.key.public_key()) for each in published]}, self._keys.max_age

    def sign(self, account: Account, session_id: str, scopes: Sequence[str], until: datetime) -> Token:
        """Issue an access token of this session, which ends at `until`."""
        now = self._clock()
        left = max(1, math.ceil((until - now).total_seconds()))
        holder = Holder(
            account_id=account.account_id, session_id=session_id, roles=account.roles, scopes=scopes
        )
        return access_tokens.issue(
            self.key().key,
            holder,
            token_id=new_id(),
            now=now,
            lifetime=min(self.lifetime, left),
        )

    def read(self, token: str) -> Claims:
        """Return the claims of a token of ours that has not expired. Raises InvalidToken."""
        return access_tokens.verify(token, self.public_keys(), now=self._clock())

    def key(self) -> SigningKey:
        """Return the key that signs now."""
        return self._keys.signing(self._clock())

    def public_keys(self) -> PublicKeys:
        """Return the keys whose signatures count."""
        return {each.kid: each.key.public_key() for each in self._keys.published(self._clock())}


async def keep_rotated(
    keys: Keyring, files: KeyFiles, clock: Callable[[], datetime], every: timedelta | None
) -> None:
    """Take up keys that an operator or another replica has made, and make one when the newest is too old."""
    not_before = clock()
    while True:
        now = clock()
        try:
            keys.replace(await asyncio.to_thread(files.read))
            if every and now >= not_before and now - files.made(keys.newest()) >= every:
                not_before = now + _PAUSE
                made = await asyncio.to_thread(files.add, now)
                log.info("signing_key_made", kid=made.kid)
            files.remove_all_but(list(keys.published(now)))
        except (KeyUnusable, OSError) as error:
            log.warning("signing_keys_not_kept", error=str(error))
        await asyncio.sleep(_LOOK_EVERY)
