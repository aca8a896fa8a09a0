"""The present password, asked for again before something that cannot be undone.

A thief with a session could guess it here, so wrong ones are counted as at a sign-in.
"""

from auth.addresses import spellings
from auth.errors import InvalidRequest
from auth.passwords.hasher import Hasher
from auth.stores.directory import Account
from auth.throttle import Throttle
from events.errors import Unavailable


class PasswordCheck:
    """Verifies the password of an account whose session is known."""

    def __init__(self, hasher: Hasher, throttle: Throttle) -> None:
        self._hasher, self._throttle = hasher, throttle

    async def check(self, account: Account, password: str, *, field: str, address: str) -> None:
        """Return if this is the password; `field` of the request holds it, `address` is the client's.

        Raises InvalidRequest, TooManyFailures, Busy, DirectoryUnavailable.
        """
        tried = await self._throttle.admit(spellings(account.email)[0], address)
        try:
            right = await self._hasher.verify(password, account.password_hash)
        except Unavailable:
            await self._throttle.let_go(tried)
            raise
        if not right:
            await self._throttle.failed(tried)
            raise tried.refusal or InvalidRequest(f"{field}: this is not your password")
        await self._throttle.succeeded(tried)
