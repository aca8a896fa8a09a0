"""The envelope: CloudEvents 1.0 in structured JSON mode, one frozen struct.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, with the extensions for
distributed tracing (`traceparent`) and correlation (`correlationid`, `causationid`), and one of ours:
`account`, the owner, so that whose event it is needs no look-up. `data` is decoded second, by type.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from events.errors import InvalidEvent
from events.ids import event_id
from events.registry import REGISTRY, Registry
from events.types import AnyPayload, JobPayload, Payload, Unknown

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

    @property
    def version(self) -> int:
        """The version of the type; 0 when `dataschema` is not one of ours."""
        return _version(self.dataschema)

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


def record(
    payload: AnyPayload,
    *,
    subject: str,
    account: str,
    source: str,
    parts: tuple[str | int, ...] = (),
    time: datetime | None = None,
    cause: Event | None = None,
    traceparent: str | None = None,
) -> Event:
    """Make the event of a payload.

    `parts` tell this fact from others of its type about the same subject (see `ids.event_id`; for the
    job's events, `job_event` chooses them). `cause` is the event that led to this one; the trace and
    the correlation id are handed on from it. Raises InvalidEvent when the data could not be read back
    (a number that is not finite, half a surrogate pair, a time without a zone): the log cannot be edited.
    """
    time = time or datetime.now(UTC)
    _check(time)
    return Event(
        id=event_id(subject, payload.TYPE, *parts),
        type=payload.TYPE,
        source=source,
        subject=subject,
        time=time,
        dataschema=schema_urn(type(payload)),
        account=account,
        data=_readable(payload),
        datacontenttype="application/json",
        correlationid=(cause.correlationid if cause else None) or subject,
        causationid=cause.id if cause else None,
        traceparent=traceparent or (cause.traceparent if cause else None),
    )


def _readable(payload: AnyPayload) -> Raw:
    try:
        data = Raw(_encoder.encode(payload))
    except UnicodeEncodeError as error:
        raise InvalidEvent(f"the text of {payload.TYPE} is not Unicode: {error}") from error
    REGISTRY.decode(payload.TYPE, payload.VERSION, data)
    return data


def job_event(
    payload: JobPayload,
    *,
    job_id: str,
    account: str,
    source: str,
    cause: Event | None = None,
    time: datetime | None = None,
    traceparent: str | None = None,
) -> Event:
    """Make a job's event, its id drawn from run and, where an attempt is told of, the attempt.

    A run ends once, so `job.converted` and `job.failed` are named by the run alone: two workers that
    finish the same run tell of the same fact. What is said about an end is named by that end.
    """
    parts: list[str | int] = []
    if (run := getattr(payload, "run", None)) is not None:
        parts.append(run)
    if payload.TYPE in ("job.started", "job.retrying"):
        parts.append(getattr(payload, "attempt"))  # noqa: B009 - two of the union have it
    if (about := getattr(payload, "about", None)) is not None:
        parts.append(about)
    return record(
        payload,
        subject=job_id,
        account=account,
        source=source,
        parts=tuple(parts),
        time=time,
        cause=cause,
        traceparent=traceparent,
    )


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
        raise InvalidEvent("the time may not exist in UTC")  # and would stop whoever converts it


def to_json(value: Any) -> bytes:
    """Encode any struct of this package as JSON."""
    return _encoder.encode(value)
