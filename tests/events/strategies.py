"""Hypothesis strategies for events: any payload its struct allows, orderly jobs, hostile logs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from events.envelope import Event, Recorded, account_event, consequence, fact, job_event
from events.payload import Aggregate, Given
from events.types import (
    AnyPayload,
    JobAudioRemoved,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobErased,
    JobFailed,
    JobNotificationDeclined,
    JobNotificationFailed,
    JobNotified,
    JobPayload,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobUploaded,
    JobVideoRemoved,
)

PAYLOADS: tuple[type[Any], ...] = get_args(AnyPayload)
JOB_PAYLOADS: tuple[type[Any], ...] = get_args(JobPayload)
JOB = "0199a1b2-0000-7000-8000-00000000000a"
OWNER = "0199a1b2-0000-7000-8000-0000000000aa"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Any value of one of msgspec's types, as far as payloads use them."""
    match kind:
        case inspect.Metadata(type=described):
            return values(described)
        case inspect.IntType(ge=low, le=high):
            return st.integers(low, high)
        case inspect.FloatType(ge=low, gt=above, le=high):
            low, out = (low, False) if above is None else (above, True)
            return st.floats(low, high, exclude_min=out, allow_nan=False, allow_infinity=False)
        case inspect.BoolType():
            return st.booleans()
        case inspect.StructType(cls=cls):
            return payloads(cls)
        case inspect.DateTimeType():
            return st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))
        case inspect.StrType(max_length=most):
            return st.text(max_size=min(30, most or 30))
        case inspect.EnumType(cls=cls):
            return st.sampled_from(list(cls))
        case inspect.NoneType():
            return st.none()
        case inspect.UnionType(types=types):
            return st.one_of(*map(values, types))
        case inspect.VarTupleType(item_type=item):
            return st.lists(values(item), max_size=4).map(tuple)
        case _:
            raise NotImplementedError(kind)


def payloads(type_: type[Any], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any payload of this type; the fields in `fixed` are drawn from there instead."""
    info = type_info(type_)
    assert isinstance(info, inspect.StructType)
    fields = {field.name: values(field.type) for field in info.fields}
    return st.builds(type_, **fields | {name: how for name, how in fixed.items() if name in fields})


type_info = cache(inspect.type_info)

times = st.integers(0, 10_000).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
small = st.integers(1, 3)


def event_of(payload: Any, subject: str, account: str, time: datetime) -> Event:
    """Make the event of any payload about any subject, whatever an event of its type is named by."""
    if Given.CAUSE in payload.NAMED_BY:
        cause = job_event(JobCancelled(run=1), job_id=subject, account=account, source="/test")
        return msgspec.structs.replace(consequence(cause, payload, source="/test"), time=time)
    if payload.AGGREGATE is Aggregate.JOB:
        return job_event(payload, job_id=subject, account=account, source="/test", time=time)
    if payload.AGGREGATE is not Aggregate.ACCOUNT:
        made = fact(payload, subject=subject, account=account, source="/test")
        return msgspec.structs.replace(made, time=time)
    occasion = "once" if Given.OCCASION in payload.NAMED_BY else None
    event = account_event(payload, account=subject, source="/test", occasion=occasion, time=time)
    return msgspec.structs.replace(event, account=account)


@st.composite
def told(draw: st.DrawFn) -> Event:
    """One event about JOB. Ids, owners, runs and times contradict each other now and then."""
    about = st.sampled_from([JobConverted.TYPE, JobFailed.TYPE, JobDeleted.TYPE])
    type_ = draw(st.sampled_from(PAYLOADS))
    payload = draw(payloads(type_, run=small, attempt=small, about=about))
    owner = draw(st.sampled_from([OWNER, OWNER, "another"]))
    event = event_of(payload, JOB, owner, draw(times))
    match draw(st.integers(0, 9)):
        case 0:
            return msgspec.structs.replace(event, id=draw(st.sampled_from("abc")))
        case 1:
            return msgspec.structs.replace(
                event, type="job.admired", dataschema="urn:tonearm:event:job.admired:1"
            )
        case 2:
            return msgspec.structs.replace(event, dataschema=event.dataschema[:-1] + "9")
        case _:
            return event


@st.composite
def logs(draw: st.DrawFn) -> list[Recorded]:
    """A hostile log of one job: anything in any order, and offsets with holes."""
    return recorded(draw(st.lists(told(), max_size=12)), draw(st.integers(1, 3)))


def recorded(events: Sequence[Event], step: int = 2) -> list[Recorded]:
    """Give events their places in a log, from offset 0 on."""
    return [Recorded(place * step, event) for place, event in enumerate(events)]


@st.composite
def orderly(draw: st.DrawFn) -> list[Event]:
    """The history of a job whose services have no trouble: several runs, whose ends may race."""
    story: list[Any] = [draw(payloads(JobUploaded))]
    for run in range(1, draw(small) + 1):
        if run > 1:
            story.append(draw(payloads(JobRequeued, run=st.just(run))))
        story += draw(one_run(run))
    if draw(st.booleans()):
        story.append(draw(payloads(JobVideoRemoved)))
        story.append(draw(payloads(JobErased, about=st.just(JobVideoRemoved.TYPE))))
    elif any(isinstance(each, JobConverted) and each.run == run for each in story):
        story.append(draw(payloads(JobAudioRemoved, run=st.just(run))))
    if draw(st.booleans()):
        story.append(draw(payloads(JobDeleted)))
    return [
        event_of(payload, JOB, OWNER, EPOCH + timedelta(seconds=second))
        for second, payload in enumerate(story)
    ]


@st.composite
def one_run(draw: st.DrawFn, run: int) -> list[Any]:
    """Attempts, then an end, then perhaps a mail; or a job that still waits or works."""

    def say(type_: type[Any], attempt: int = 1, about: str = "") -> Any:
        return draw(payloads(type_, run=st.just(run), attempt=st.just(attempt), about=st.just(about)))

    story = []
    attempts = draw(st.integers(0, 3))
    for attempt in range(1, attempts + 1):
        story.append(say(JobStarted, attempt))
        if attempt < attempts:
            story.append(say(JobRetrying, attempt))
    end = draw(st.sampled_from([None, JobCancelled, JobConverted, JobFailed]))
    if end is None or (attempts == 0 and end is not JobCancelled):
        return story
    story.append(say(end, attempts))
    late = draw(st.sampled_from([None, JobCancelled, JobConverted, JobFailed]))
    if late not in (None, end):
        story.append(say(late, max(attempts, 1)))
    mail = draw(st.sampled_from([None, JobNotified, JobNotificationFailed, JobNotificationDeclined]))
    if mail and end is not JobCancelled:
        story.append(say(mail, about=end.TYPE))
    return story
