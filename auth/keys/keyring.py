"""The choice of the key that signs and of those that are published. Pure: keys and the time come in.

A key is published as soon as it exists. It signs only after a `lead`, in which every holder of public keys
has fetched them again. Its predecessor is published until the last token that it may have signed has expired.
All this follows from the times of the keys, so replicas that see the same keys agree without talking.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.keys.access_tokens import jwk
from events.types import LONGEST_TOKEN

FIRST = datetime.fromtimestamp(0, UTC)
"""The time of a key that is older than all others."""
_MARGIN = timedelta(seconds=60)


class SigningKey(NamedTuple):
    """A private key, the `kid` in its tokens, and the time it was made."""

    created: datetime
    kid: str
    key: Ed25519PrivateKey


def signing_key(key: Ed25519PrivateKey, created: datetime = FIRST) -> SigningKey:
    """Return the key under its thumbprint."""
    return SigningKey(created, jwk(key.public_key())["kid"], key)


class Keyring:
    """All signing keys, at least one."""

    def __init__(self, keys: Iterable[SigningKey], lead: timedelta = timedelta(0)) -> None:
        self._lead = lead
        self.replace(keys)

    def replace(self, keys: Iterable[SigningKey]) -> None:
        """Use these keys from now on."""
        self._keys = sorted(keys, key=lambda each: each[:2])

    def signing(self, now: datetime) -> SigningKey:
        """Return the newest key that has been published for long enough, else the oldest there is."""
        ready = [each for each in self._keys if each.created + self._lead <= now]
        return ready[-1] if ready else self._keys[0]

    def published(self, now: datetime) -> Sequence[SigningKey]:
        """Return the keys whose signatures count, oldest first."""
        ends = [
            each.created + self._lead + timedelta(seconds=LONGEST_TOKEN) + _MARGIN for each in self._keys[1:]
        ]
        return [each for each, end in zip(self._keys, [*ends, None], strict=True) if end is None or now < end]

    def newest(self) -> SigningKey:
        """Return the key that was made last."""
        return self._keys[-1]

    @property
    def max_age(self) -> int:
        """Seconds for which the published keys may be kept: less than the lead, five minutes at most."""
        return max(1, min(300, int(self._lead.total_seconds() / 3)))
