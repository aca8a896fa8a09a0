"""The personal fields of events, sealed with the key of their job. Pure.

The log cannot be edited, and file names, titles and tags are somebody's. So these fields are no part of an
event's data in the log: they stand beside it in `sealed`, as JSON under AES-256-GCM with the job's key. Who
has the key reads the event whole. Once the key is destroyed the fields are empty for good, in the log and in
every copy of it, and all else reads and folds as before.

An event from before is in the clear: it is whole as it stands.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Raw
from msgspec.structs import replace

from events.envelope import Event, Recorded, schema_urn
from events.media import untitled
from events.options import untold
from events.types import AnyPayload, JobConverted, JobProbed, JobRequeued, JobUploaded, Unknown

KEY_BYTES = 32
_NONCE_BYTES = 12
_HOLDERS = frozenset({JobUploaded.TYPE, JobRequeued.TYPE, JobProbed.TYPE, JobConverted.TYPE})
"""Types with personal fields."""

_Fields = dict[str, Raw]
_fields = msgspec.json.Decoder(_Fields).decode
_encode = msgspec.json.Encoder().encode


class Keys(Protocol):
    """The keys of jobs, to seal what is published and to open what is read."""

    async def make(self, job_id: str, account: str) -> None:
        """Make the key of a job to come, if it has none. Raises Unavailable."""

    async def seal(self, event: Event) -> Event:
        """Return the event as the log may hold it. Raises Unavailable."""

    async def open(self, event: Event) -> Event:
        """Return the event whole, as far as its key is there. Raises Unavailable."""

    async def opened(self, events: Sequence[Recorded]) -> Sequence[Recorded]:
        """Return the events whole, as far as their keys are there. Raises Unavailable."""


class NoKeys:
    """Seals nothing, and opens nothing (a `Keys`)."""

    async def make(self, job_id: str, account: str) -> None:
        """Do nothing."""

    async def seal(self, event: Event) -> Event:
        """Return the event as it is."""
        return event

    async def open(self, event: Event) -> Event:
        """Return the event as it is."""
        return event

    async def opened(self, events: Sequence[Recorded]) -> Sequence[Recorded]:
        """Return the events as they are."""
        return events


NO_KEYS = NoKeys()


def is_personal(event: Event) -> bool:
    """Return True if the event's type has personal fields, and they are not sealed."""
    return event.type in _HOLDERS and event.sealed is None


def seal(event: Event, key: bytes | None) -> Event:
    """Return the event with its personal fields sealed; without them where the key is destroyed.

    Raises InvalidEvent when the data does not fit the event's type.
    """
    if not is_personal(event):
        return event
    payload = event.payload()
    rest = _impersonal(payload)
    if rest == payload or isinstance(rest, Unknown):
        return event
    data, sealed = _encode(rest), None
    if key is not None:
        left = _fields(data)
        personal = {
            name: value for name, value in _fields(_encode(payload)).items() if left.get(name) != value
        }
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + AESGCM(key).encrypt(nonce, _encode(personal), event.id.encode())
    return replace(event, dataschema=schema_urn(type(rest)), data=Raw(data), sealed=sealed)


def unseal(event: Event, key: bytes | None) -> Event:
    """Return the event whole. Without its key, or with another one, its personal fields stay empty."""
    sealed, data = event.sealed, event.data
    if sealed is None:
        return event
    if key is not None:
        with suppress(InvalidTag, ValueError):
            personal = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], event.id.encode())
            data = Raw(_encode({**_fields(data), **_fields(personal)}))
    return replace(event, data=data, sealed=None)


def _impersonal(payload: AnyPayload | Unknown) -> AnyPayload | Unknown:
    """Return what is left of the payload when its job is forgotten."""
    match payload:
        case JobUploaded() | JobRequeued():
            return replace(payload, filename="", content_type="", options=untold(payload.options))
        case JobProbed(media=media):
            return replace(payload, media=untitled(media))
        case JobConverted():
            return replace(payload, options=untold(payload.options), arguments=(), left_out=())
        case _:
            return payload
