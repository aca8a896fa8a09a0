"""The tokens of the links that end an account's mails about jobs. Pure.

A token names the account and proves that it was made here. It can do nothing else, so it needs no store and
no end: old mails keep a link that works.
"""

import hmac

PREFIX = "tonearmu"
_DIGITS = 32
"""Hexadecimal digits of the proof: 128 bits."""


class UnsubscribeLinks:
    """Makes and reads the tokens; all replicas share the `secret`."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def token(self, account_id: str) -> str:
        """Return the account's token, always the same."""
        proof = hmac.digest(self._secret, account_id.encode(), "sha256").hex()[:_DIGITS]
        return f"{PREFIX}_{account_id}_{proof}"

    def account_of(self, token: str) -> str | None:
        """Return the id of the account whose token this is."""
        account_id = token.removeprefix(f"{PREFIX}_").rpartition("_")[0]
        return account_id if hmac.compare_digest(token.encode(), self.token(account_id).encode()) else None
