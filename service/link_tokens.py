"""The tokens of links to jobs: `/l/{token}`. Who has one needs no account, so it is a secret.

A link's id is its job's id and twelve digits more: so a link leads to its job without a store. The token
holds the id and the time at which the link ends, signed.
"""

import re
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from msgspec import Struct

from events.wishes import span
from service.handover_keys import HandoverKeys, NotSigned
from service.settings import InvalidSetting

_PURPOSE = "link"
_LINK_ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-([0-9a-f]{12})")
_JOB_BYTES, _OWN_BYTES, _TIME_BYTES = 16, 6, 5


LEAST_SECONDS, _MOST_SECONDS = 60.0, 366 * 86_400.0


class Token(Struct, frozen=True):
    """A token's content. `expires` is a whole second."""

    link_id: str
    expires: datetime

    @property
    def job_id(self) -> str:
        """The link's job."""
        return self.link_id[:36]


def new_link_id(job_id: str, cause: str = "") -> str:
    """Return the id of a link to a job; with a cause always the same, otherwise always another."""
    own = sha256(cause.encode()).hexdigest()[: 2 * _OWN_BYTES] if cause else secrets.token_hex(_OWN_BYTES)
    return f"{job_id}-{own}"


def link_seconds(setting: str) -> float:
    """Read the setting LINK_LIFE. Raises InvalidSetting."""
    seconds = span(setting)
    if seconds is None or not LEAST_SECONDS <= seconds <= _MOST_SECONDS:
        raise InvalidSetting("setting: LINK_LIFE is no length of time from 1m to 366d, such as 12h or 7d")
    return seconds


def job_of(link_id: str) -> str | None:
    """Return the id of a link's job; None if this is no id of a link."""
    found = _LINK_ID.fullmatch(link_id)
    return found[1] if found else None


def written(keys: HandoverKeys, token: Token) -> str:
    """Return the token as it stands in a URL. Raises NoHandoverSecrets."""
    own = bytes.fromhex(token.link_id[37:])
    seconds = int(token.expires.timestamp()).to_bytes(_TIME_BYTES)
    return keys.sign(_PURPOSE, UUID(token.job_id).bytes + own + seconds)


def read(keys: HandoverKeys, text: str) -> Token:
    """Return what a token holds. Raises NotSigned."""
    message = keys.signed(_PURPOSE, text)
    if len(message) != _JOB_BYTES + _OWN_BYTES + _TIME_BYTES:
        raise NotSigned
    job_id, rest = str(UUID(bytes=message[:_JOB_BYTES])), message[_JOB_BYTES:]
    expires = datetime.fromtimestamp(int.from_bytes(rest[_OWN_BYTES:]), UTC)
    return Token(f"{job_id}-{rest[:_OWN_BYTES].hex()}", expires)
