"""The envelope: CloudEvents 1.0 in structured JSON mode, one frozen struct.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, with the extensions for
distributed tracing (`traceparent`) and correlation (`correlationid`, `causationid`), and two of ours:
`account`, the owner, which saves a look-up; `sealed`, the personal fields of the data (see `sealing`).
`data` is decoded second, by type.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

from events.errors import InvalidEvent
from events.ids import event_id
from events.payload import Aggregate, Payload, aggregate_of, names_of
from events.registry import REGISTRY, Registry
from events.types import (
    AccountPayload,
    AnyPayload,
    FeedPayload,
    HookPayload,
    ImportPayload,
    JobPayload,
    Unknown,
)

CONTENT_TYPE = "application/cloudevents+json"
MAX_BODY = 64 * 1024
"""Bytes of a whole event, encoded. Larger things are blobs and are referred to by id."""

_SCHEMA = re.compile(r"urn:tonearm:event:[a-z_.]+:([1-9][0-9]{0,8})")


class Event(
    Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="specversion", tag="1.0"
):
    """One fact, as it is written in the log.

    `specversion` is the struct's tag: always written, first, and any other version is refused.
    """

    id: str
    type: str
    source: str
    subject: str
    time: Annotated[datetime, Meta(tz=True)]
    dataschema: str
    account: str
    data: Raw
    datacontenttype: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    sealed: bytes | None = None

    @property
    def version(self) -> int:
        """The version of the type; 0 when `dataschema` is not one of ours."""
        return _version(self.dataschema)

    @property
    def aggregate(self) -> Aggregate | None:
        """The kind of thing that the event is about; None for a foreign type."""
        return aggregate_of(self.type)

    def payload(self, registry: Registry = REGISTRY) -> AnyPayload | Unknown:
        """Decode the data. Raises InvalidEvent when it does not fit its type."""
        return registry.decode(self.type, _version(self.dataschema), self.data)


class Recorded(Struct, frozen=True, gc=False):
    """An event with its place in the log. Offsets grow, have holes, and are never counted."""

    offset: int
    event: Event


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


@lru_cache(maxsize=256)
def _version(dataschema: str) -> int:
    match = _SCHEMA.fullmatch(dataschema)
    return int(match[1]) if match else 0


def schema_urn(payload: type[Payload]) -> str:
    """Return the `dataschema` of a payload's current version."""
    return f"urn:tonearm:event:{payload.TYPE}:{payload.VERSION}"


def job_event(
    payload: JobPayload,
    *,
    job_id: str,
    account: str,
    source: str,
    time: datetime | None = None,
    traceparent: str | None = None,
) -> Event:
    """Make the event of a job that nothing in the log has led to. Raises InvalidEvent."""
    event = _record(payload, names_of(payload), job_id, account, source, time)
    return replace(event, traceparent=traceparent)


def account_event(
    payload: AccountPayload,
    *,
    account: str,
    source: str,
    occasion: str | None = None,
    time: datetime | None = None,
) -> Event:
    """Make the event of an account that nothing in the log has led to. Raises InvalidEvent.

    `occasion` names the events whose type asks for one: see `payload.Given`.
    """
    return _record(payload, names_of(payload, occasion=occasion), account, account, source, time)


def fact(
    payload: HookPayload | FeedPayload | ImportPayload,
    *,
    subject: str,
    account: str,
    source: str,
    traceparent: str | None = None,
) -> Event:
    """Make the event of a webhook, feed or import that nothing in the log has led to. Raises InvalidEvent."""
    event = _record(payload, names_of(payload), subject, account, source, None)
    return replace(event, traceparent=traceparent)


def consequence(cause: Event, payload: AnyPayload, *, source: str, subject: str | None = None) -> Event:
    """Make the event that answers another one, about the same subject or another. Raises InvalidEvent.

    It continues the trace and the correlation of its cause.
    """
    names = names_of(payload, cause=cause.id)
    return replace(
        _record(payload, names, subject or cause.subject, cause.account, source, None),
        correlationid=cause.correlationid or cause.subject,
        causationid=cause.id,
        traceparent=cause.traceparent,
    )


def _record(
    payload: AnyPayload,
    names: Sequence[str | int],
    subject: str,
    account: str,
    source: str,
    time: datetime | None,
) -> Event:
    """Make an event. Raises InvalidEvent for data that could not be read back: the log cannot be edited.

    Such data are a number that is not finite, half a surrogate pair, a time without a zone.
    """
    time = time or datetime.now(UTC)
    _check(time)
    return Event(
        id=event_id(subject, payload.TYPE, *names),
        type=payload.TYPE,
        source=source,
        subject=subject,
        time=time,
        dataschema=schema_urn(type(payload)),
        account=account,
        data=_readable(payload),
        datacontenttype="application/json",
        correlationid=subject,
    )


def _readable(payload: AnyPayload) -> Raw:
    try:
        data = Raw(_encoder.encode(payload))
    except (UnicodeEncodeError, OverflowError) as error:
        raise InvalidEvent(f"{payload.TYPE} cannot be written as JSON: {error}") from error
    REGISTRY.decode(payload.TYPE, payload.VERSION, data)
    return data


def encode(event: Event) -> bytes:
    """Return the body of the message. Raises InvalidEvent when it is longer than MAX_BODY."""
    body = _encoder.encode(event)
    if len(body) > MAX_BODY:
        raise InvalidEvent(f"{event.type} for {event.subject} takes {len(body)} bytes, more than {MAX_BODY}")
    return body


def decode(body: bytes | memoryview) -> Event:
    """Read the envelope; the data stays raw. Raises InvalidEvent."""
    try:
        event = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidEvent(f"not a CloudEvents 1.0 envelope: {error}") from error
    _check(event.time)
    return event


def _check(time: datetime) -> None:
    if time.tzinfo is None:
        raise InvalidEvent("the time has no zone (RFC 3339 requires one)")
    if not 1 < time.year < 9999:
        raise InvalidEvent("the time may not exist in UTC")  # converting it would raise an OverflowError


def to_json(value: Any) -> bytes:
    """Encode any struct of this package as JSON."""
    return _encoder.encode(value)
