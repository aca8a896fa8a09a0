"""The keys by which results are handed out: they sign the tokens in links and feeds, and seal what is stored.

The setting HANDOVER_SECRETS names them: `2026b:<base64>,2026a:<base64>`. The first one signs and seals. All
of them are taken, so a secret is exchanged by putting a new one in front. A key is derived from it for each
purpose (HKDF, RFC 5869), so a token of one kind is none of another.
"""

import base64
import hmac
import os
import re
from binascii import Error
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from events.errors import TonearmError
from service.settings import InvalidSetting

LEAST_BYTES = 16
"""Of a secret."""
_KEY_ID = re.compile(r"[0-9A-Za-z]{1,16}")
_MAC_BYTES = 16
"""Half of HMAC-SHA256, which nobody guesses online (RFC 2104, 5): the links stay short."""
_NONCE_BYTES = 12
_MOST_TOKEN = 1024


class NotSigned(TonearmError):
    """No key of ours has signed the token, for this purpose. The reason stays secret."""


class NotSealed(TonearmError):
    """No key of ours has sealed it, for this purpose: its secret is gone from HANDOVER_SECRETS."""


class NoHandoverSecrets(TonearmError):
    """This server has no secrets to sign and seal by."""

    sentence = "This server hands nothing out: its operator has not set HANDOVER_SECRETS."


class HandoverKeys:
    """The secrets by their ids. The first one signs and seals, all of them are taken."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self._secrets = dict(secrets)

    def __repr__(self) -> str:
        return f"HandoverKeys({', '.join(self._secrets)})"

    def sign(self, purpose: str, message: bytes) -> str:
        """Return a token of URL-safe characters: the message, for all to read, and the proof that it is ours.

        The same message has the same token while the same secret is the first. Raises NoHandoverSecrets.
        """
        key_id, secret = self._first()
        return _text(_labelled(key_id) + _mac(secret, key_id, purpose, message) + message)

    def signed(self, purpose: str, token: str) -> bytes:
        """Return the token's message. Raises NotSigned."""
        key_id, rest = _parts(_bytes(token))
        mac, message = rest[:_MAC_BYTES], rest[_MAC_BYTES:]
        secret = self._secrets.get(key_id)
        if secret is None or not hmac.compare_digest(mac, _mac(secret, key_id, purpose, message)):
            raise NotSigned
        return message

    def seal(self, purpose: str, text: str) -> bytes:
        """Return the text encrypted (AES-256-GCM), each time otherwise. Raises NoHandoverSecrets.

        A purpose that names the record, such as `hook-url 0198…`, keeps it from being put into another one.
        """
        key_id, secret = self._first()
        nonce, label = os.urandom(_NONCE_BYTES), _labelled(key_id)
        return label + nonce + AESGCM(_derived(secret, "seal", purpose)).encrypt(nonce, text.encode(), label)

    def open(self, purpose: str, sealed: bytes) -> str:
        """Return the text. Raises NotSealed."""
        key_id, rest = _parts(sealed)
        secret = self._secrets.get(key_id)
        if secret is None:
            raise NotSealed(f"the secret {key_id!r} is not in HANDOVER_SECRETS")
        key, nonce, data = AESGCM(_derived(secret, "seal", purpose)), rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return key.decrypt(nonce, data, _labelled(key_id)).decode()
        except (InvalidTag, ValueError):  # ValueError: too short to have a nonce
            raise NotSealed(f"it was not sealed by the secret {key_id!r}, or not for this purpose") from None

    def _first(self) -> tuple[str, bytes]:
        for each in self._secrets.items():
            return each
        raise NoHandoverSecrets("HANDOVER_SECRETS is not set")


def handover_keys(setting: str) -> HandoverKeys:
    """Read the setting HANDOVER_SECRETS; empty: keys that sign nothing. Raises InvalidSetting."""
    secrets: dict[str, bytes] = {}
    for each in filter(None, (part.strip() for part in setting.split(","))):
        key_id, _, text = each.partition(":")
        secret = _secret(text)
        if not _KEY_ID.fullmatch(key_id) or key_id in secrets or len(secret) < LEAST_BYTES:
            raise InvalidSetting(
                "setting: HANDOVER_SECRETS is not ID:SECRET,ID:SECRET with an id of at most 16 letters and"
                f" digits, each once, and a secret of at least {LEAST_BYTES} bytes in base64"
            )
        secrets[key_id] = secret
    return HandoverKeys(secrets)


def _secret(text: str) -> bytes:
    """Read base64 of either alphabet, with or without padding; empty for what is none."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except Error:
        return b""


def _derived(secret: bytes, use: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"tonearm {use} {purpose}".encode()).derive(secret)


def _mac(secret: bytes, key_id: str, purpose: str, message: bytes) -> bytes:
    signed = _labelled(key_id) + message
    return hmac.digest(_derived(secret, "sign", purpose), signed, "sha256")[:_MAC_BYTES]


def _labelled(key_id: str) -> bytes:
    return bytes([len(key_id)]) + key_id.encode()


def _parts(labelled: bytes) -> tuple[str, bytes]:
    """Return the key's id and what stands behind it; an id that no key has where there is none."""
    end = 1 + (labelled[0] if labelled else 0)
    return labelled[1:end].decode("latin-1"), labelled[end:]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(token: str) -> bytes:
    """Raise NotSigned for what is no base64, and for a second spelling of the same bytes."""
    try:
        if len(token) > _MOST_TOKEN:
            raise NotSigned
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:  # binascii.Error, and text that is not ASCII
        raise NotSigned from None
    if _text(data) != token:
        raise NotSigned
    return data
