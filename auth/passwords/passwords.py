"""New passwords: checked by the rules, then hashed."""

from msgspec import Struct

from auth.passwords.hasher import Hasher
from auth.passwords.rules import PasswordRules


class Passwords(Struct, frozen=True):
    """The hasher, and the rules for every password that is chosen."""

    hasher: Hasher
    rules: PasswordRules = PasswordRules()

    async def hash_new(self, password: str, email: str) -> str:
        """Return the hash of a new password for the account of this address. Raises InvalidRequest, Busy."""
        self.rules.check(password, email)
        with self.hasher.place():
            return await self.hasher.hash(password)
