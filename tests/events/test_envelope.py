import re
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from events.envelope import MAX_BODY, Event, Recorded, consequence, decode, encode, job_event, schema_urn
from events.errors import InvalidEvent
from events.media import Chapter, Media, Picture, Subtitle, Tag, Track
from events.options import DEFAULT, Channels, Chapters, Cover, Format, Options, Tags
from events.registry import REGISTRY
from events.types import (
    TEST,
    AccountChanged,
    AccountErased,
    AccountLetterRequested,
    AccountNotificationFailed,
    AccountNotified,
    AccountRegistered,
    AccountRevoked,
    AccountSignedIn,
    AccountSignInRefused,
    Actor,
    AnyPayload,
    DeletionReason,
    DeliveryFailure,
    DisablingReason,
    FailureCode,
    FeedCreated,
    FeedRevoked,
    HookCreated,
    HookDeleted,
    HookDelivered,
    HookDeliveryFailed,
    HookDisabled,
    HookNotificationFailed,
    HookNotified,
    HookRequested,
    ImportCancelled,
    ImportFailed,
    ImportFailure,
    ImportRequested,
    JobAudioRemoved,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobErased,
    JobFailed,
    JobLinked,
    JobNotificationDeclined,
    JobNotificationFailed,
    JobNotified,
    JobProbed,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobTranscriptAdded,
    JobTranscriptRemoved,
    JobUnlinked,
    JobUploaded,
    JobVideoRemoved,
    Letter,
    Transcript,
    Unknown,
)
from tests.events.strategies import EPOCH, JOB, OWNER, PAYLOADS, event_of, payloads

GOLDEN_FOLDER = Path(__file__).parent / "golden"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
VIDEO = {
    "filename": "Ferien in Küsnacht 🏔.mp4",
    "content_type": "video/mp4",
    "bytes": 73_400_320,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "video_id": JOB,
}
WISHES = Options(
    format=Format.M4A,
    quality="128k",
    sample_rate=48_000,
    channels=Channels.MONO,
    start=1.5,
    end=61.25,
    fade_in=0.5,
    fade_out=2.0,
    loudness=-16.0,
    true_peak=-1.5,
    trim_silence=True,
    speed=1.25,
    track=1,
    language="de-CH",
    keep_tags=False,
    tags=Tags(title="Über den Wolken", artist="", album="☁", date="1974", comment="two\nlines"),
    chapters=Chapters.DROP,
    cover=Cover.KEEP,
    copy=False,
    partial=True,
)
FAMILY = "0199a1b2-0000-7000-8000-00000000000d"
DELIVERY = "0199a1b2-0000-7000-8000-0000000000f1"
LINK = "0199a1b2-0000-7000-8000-0000000000f2"
TRANSCRIPT = "0199a1b2-0000-7000-8000-0000000000f3"
GOLDEN: dict[tuple[str, int] | tuple[str, int, str], AnyPayload] = {
    ("job.uploaded", 1): JobUploaded(**VIDEO),
    ("job.uploaded", 1, "sealed"): JobUploaded(**VIDEO | {"filename": "", "content_type": ""}),
    ("job.started", 1): JobStarted(run=1, attempt=2, worker="converter-1"),
    ("job.probed", 1): JobProbed(
        run=1,
        media=Media(
            container="mov",
            duration_seconds=61.34,
            tracks=(Track(index=0, codec="aac", profile="LC", sample_rate=44100, channels=2, default=True),),
            pictures=(Picture(codec="h264", width=640, height=360),),
            chapters=(Chapter(start=0.0, end=61.34, title="all of it"),),
            tags=(Tag("title", "A song"),),
        ),
    ),
    ("job.retrying", 1): JobRetrying(run=1, attempt=1, reason="the storage is away", delay_seconds=30.0),
    ("job.converted", 1): JobConverted(
        run=1,
        attempt=2,
        audio_id="0199a1b2-0000-7000-8000-00000000000b",
        bytes=1_440_044,
        sha256="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        duration_seconds=61.335,
        bit_rate=187_831,
        sample_rate=44_100,
        channels=2,
        seconds_spent=0.84,
        engine="ffmpeg n9.0.2",
    ),
    ("job.failed", 1): JobFailed(
        run=2, attempt=1, code=FailureCode.NO_AUDIO, message="The video has no sound."
    ),
    ("job.notified", 1): JobNotified(run=1, about="job.converted", message_id="<a@tonearm>"),
    ("job.notification_failed", 1): JobNotificationFailed(
        run=1, about="job.failed", reason="550 no such mailbox"
    ),
    ("job.cancelled", 1): JobCancelled(run=1),
    ("job.cancelled", 1, "by-an-administrator"): JobCancelled(run=1, by=Actor.ADMIN),
    ("job.notified", 1, "attempt"): JobNotified(
        run=1, about="job.converted", message_id="<a@tonearm>", attempt=2
    ),
    ("job.notification_declined", 1): JobNotificationDeclined(run=1, about="job.converted"),
    ("job.requeued", 1): JobRequeued(run=2, **VIDEO),
    ("job.requeued", 1, "bulk"): JobRequeued(run=2, **VIDEO, bulk=True),
    ("job.video_removed", 1): JobVideoRemoved(reason=DeletionReason.EXPIRED, sha256=VIDEO["sha256"]),
    ("job.audio_removed", 1): JobAudioRemoved(run=1, reason=DeletionReason.EXPIRED, sha256=VIDEO["sha256"]),
    ("job.erased", 1): JobErased(about="job.deleted", videos=0, audio=1, video_kept=True),
    ("job.deleted", 1): JobDeleted(reason=DeletionReason.EXPIRED, video_sha256=VIDEO["sha256"]),
    ("account.registered", 1): AccountRegistered(roles=("user", "admin")),
    ("account.signed_in", 1): AccountSignedIn(token_id="0199a1b2-0000-7000-8000-00000000000c"),
    ("account.sign_in_refused", 1): AccountSignInRefused(reason="wrong password"),
    ("account.changed", 1): AccountChanged(fields=("password",)),
    ("account.revoked", 1): AccountRevoked(reason="password changed"),
    ("account.erased", 1): AccountErased(reason="operator"),
    ("account.letter_requested", 1): AccountLetterRequested(letter=Letter.RESET),
    ("account.notified", 1): AccountNotified(letter=Letter.VERIFY, message_id="<b@tonearm>"),
    ("account.notification_failed", 1): AccountNotificationFailed(
        letter=Letter.INVITATION, reason="550 no such mailbox"
    ),
    ("job.linked", 1): JobLinked(
        link_id=LINK, expires=datetime(2026, 1, 9, tzinfo=UTC), start=1.5, end=61.25
    ),
    ("job.unlinked", 1): JobUnlinked(link_id=LINK),
    ("job.transcript_added", 1): JobTranscriptAdded(
        transcript_id=TRANSCRIPT, bytes=1_024, sha256=VIDEO["sha256"], cues=12, language="de"
    ),
    ("job.transcript_removed", 1): JobTranscriptRemoved(transcript_id=TRANSCRIPT),
    ("job.uploaded", 1, "imported"): JobUploaded(**VIDEO, imported=True),
    ("job.requeued", 1, "imported"): JobRequeued(run=2, **VIDEO, imported=True),
    ("job.probed", 1, "subtitles"): JobProbed(
        run=1,
        media=Media(
            container="matroska",
            subtitles=(Subtitle(index=0, codec="subrip", language="de", title="Für alle", text=True),),
        ),
    ),
    ("hook.created", 1): HookCreated(events=("job.converted", "job.failed")),
    ("hook.deleted", 1): HookDeleted(),
    ("hook.requested", 1): HookRequested(
        delivery_id=DELIVERY, about="job.converted", event_id=LINK, job_id=JOB
    ),
    ("hook.requested", 1, "test"): HookRequested(delivery_id=DELIVERY, about=TEST),
    ("hook.delivered", 1): HookDelivered(delivery_id=DELIVERY, attempt=2, status=204),
    ("hook.delivery_failed", 1): HookDeliveryFailed(
        delivery_id=DELIVERY, attempt=1, code=DeliveryFailure.STATUS, status=503, again_in=5.0
    ),
    ("hook.disabled", 1): HookDisabled(reason=DisablingReason.GONE),
    ("hook.notified", 1): HookNotified(message_id="<c@tonearm>"),
    ("hook.notification_failed", 1): HookNotificationFailed(reason="550 no such mailbox"),
    ("feed.created", 1): FeedCreated(),
    ("feed.revoked", 1): FeedRevoked(),
    ("import.requested", 1): ImportRequested(),
    ("import.failed", 1): ImportFailed(code=ImportFailure.REFUSED, message="The source answered 404."),
    ("import.cancelled", 1): ImportCancelled(by=Actor.ADMIN),
    ("job.converted", 1, "with-transcripts"): JobConverted(
        run=1,
        attempt=1,
        audio_id="0199a1b2-0000-7000-8000-00000000000e",
        bytes=785_408,
        sha256="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        duration_seconds=47.8,
        bit_rate=128_020,
        sample_rate=48_000,
        channels=1,
        seconds_spent=1.02,
        engine="ffmpeg n9.0.2",
        peaks=2_048,
        crc32=0xCBF43926,
        transcripts=(
            Transcript(
                transcript_id=TRANSCRIPT, track=1, bytes=900, sha256=VIDEO["sha256"], cues=9, language="de"
            ),
        ),
        pauses=3,
        pauses_at=2_000,
        pauses_bytes=48,
        seconds_saved=12.5,
    ),
    ("job.uploaded", 1, "all-options"): JobUploaded(**VIDEO, options=WISHES, family=FAMILY),
    ("job.converted", 1, "all-options"): JobConverted(
        run=1,
        attempt=1,
        audio_id="0199a1b2-0000-7000-8000-00000000000e",
        bytes=785_408,
        sha256="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        duration_seconds=47.8,
        bit_rate=128_020,
        sample_rate=48_000,
        channels=1,
        seconds_spent=1.02,
        engine="ffmpeg n9.0.2",
        format=Format.M4A,
        source_sha256=VIDEO["sha256"],
        options=WISHES,
        arguments=("-nostdin", "-ss", "1.500000", "-c:a", "aac"),
        copied=True,
        partial=True,
    ),
}
"""The contents of the golden files. A file, once released, is never edited: it stands for every such event in
every log. After an upcast, only the expectation here changes.
The third part of a key separates several events of one type and version."""


def name_of(key: tuple[Any, ...]) -> str:
    return ".".join((key[0], f"v{key[1]}", *key[2:]))


def golden(key: tuple[Any, ...]) -> Path:
    return GOLDEN_FOLDER / f"{name_of(key)}.json"


def test_every_version_of_every_type_has_a_golden_file():
    versions = {(p.TYPE, version) for p in PAYLOADS for version in range(1, p.VERSION + 1)}
    assert versions == {key[:2] for key in GOLDEN}
    assert {golden(key) for key in GOLDEN} == set(GOLDEN_FOLDER.iterdir())


@pytest.mark.parametrize("key", GOLDEN, ids=name_of)
def test_a_golden_event_reads_as_ever_and_writes_as_ever(key: tuple[Any, ...]):
    body = golden(key).read_bytes().removesuffix(b"\n")
    event = decode(body)
    assert (event.type, event.version) == key[:2]
    assert event.payload() == GOLDEN[key]
    assert encode(event) == body


def written(payload: Any, time: datetime = EPOCH) -> Event:
    return event_of(payload, JOB, OWNER, time)


@pytest.mark.parametrize("type_", PAYLOADS, ids=lambda type_: type_.TYPE)
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_every_payload_comes_back_as_it_went(type_: type[Any], data: st.DataObject):
    payload = data.draw(payloads(type_))
    zone = timezone(timedelta(minutes=data.draw(st.integers(-14 * 60, 14 * 60))))
    time = data.draw(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(zone)))
    event = replace(written(payload, time), traceparent=TRACE)
    again = decode(encode(event))
    assert again == event
    assert again.payload() == payload
    assert msgspec.json.decode(msgspec.json.encode(Recorded(7, event)), type=Recorded).event == event


def test_an_event_carries_every_attribute_that_cloudevents_requires():
    body = msgspec.json.decode(encode(written(JobCancelled(run=1))))
    assert {"id", "source", "specversion", "type"} <= set(body)
    assert body["specversion"] == "1.0"
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in body), "attribute names (CloudEvents 3.1)"


def test_a_consequence_carries_its_cause_and_the_trace():
    started = JobStarted(run=1, attempt=1, worker="w")
    cause = job_event(started, job_id=JOB, account=OWNER, source="/test", traceparent=TRACE)
    event = consequence(cause, JobCancelled(run=1), source="/test")
    assert (event.correlationid, event.causationid, event.traceparent) == (JOB, cause.id, TRACE)


def test_workers_that_end_one_run_tell_of_one_fact_and_attempts_are_facts_of_their_own():
    def id_of(payload: Any) -> str:
        return job_event(payload, job_id=JOB, account=OWNER, source="/test").id

    ends = [replace(GOLDEN["job.converted", 1], attempt=n, audio_id=str(n)) for n in (1, 2)]
    starts = [JobStarted(run=run, attempt=n, worker="w") for run in (1, 2) for n in (1, 2)]
    mails = [JobNotified(run=1, about=about, message_id="") for about in ("job.failed", "job.converted")]
    assert len({id_of(end) for end in ends}) == 1
    assert len({id_of(payload) for payload in [*starts, *mails, *ends]}) == 4 + 2 + 1


def test_an_unknown_type_and_an_unknown_version_are_carried_to_the_byte():
    event = replace(written(JobCancelled(run=1)), data=Raw(b'{"run" : "one"}'))
    stranger = replace(event, type="job.admired", dataschema="urn:tonearm:event:job.admired:3")
    newer = replace(event, dataschema="urn:tonearm:event:job.cancelled:2")
    foreign = replace(event, dataschema="https://example.org/schema")
    for carried, known in [
        (stranger, ("job.admired", 3)),
        (newer, ("job.cancelled", 2)),
        (foreign, ("job.cancelled", 0)),
    ]:
        again = decode(encode(carried))
        assert again.payload() == Unknown(*known)
        assert bytes(again.data) == b'{"run" : "one"}'


def test_a_body_too_long_for_the_log_is_refused():
    event = written(AccountSignInRefused(reason="x" * MAX_BODY))
    with pytest.raises(InvalidEvent, match="more than 65536"):
        encode(event)


@pytest.mark.parametrize(
    "payload",
    [
        JobRetrying(run=1, attempt=1, reason="", delay_seconds=float("nan")),
        JobRetrying(run=1, attempt=1, reason="", delay_seconds=float("inf")),
        JobStarted(run=1, attempt=1, worker="half a pair: \ud83c"),
        JobStarted(run=0, attempt=1, worker="w"),
        replace(GOLDEN["job.uploaded", 1], bytes=2**63),
        JobFailed(run=1, attempt=1, code="bored", message=""),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_what_could_not_be_read_back_is_never_written(payload: Any):
    with pytest.raises(InvalidEvent):
        written(payload)


def test_a_time_without_a_zone_is_never_written():
    with pytest.raises(InvalidEvent, match="zone"):
        written(JobCancelled(run=1), time=datetime(2026, 1, 1))


def body(data: bytes = b'{"run":1,"attempt":1,"worker":"w"}', **fields: bytes) -> bytes:
    """An event of type job.started, some of its attributes replaced by raw JSON."""
    attributes = {
        "specversion": b'"1.0"',
        "id": b'"1"',
        "type": b'"job.started"',
        "source": b'"/test"',
        "subject": b'"j"',
        "time": b'"2026-01-01T00:00:00Z"',
        "dataschema": f'"{schema_urn(JobStarted)}"'.encode(),
        "account": b'"a"',
        "data": data,
    } | fields
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), value) for name, value in attributes.items()) + b"}"


def deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


DEEP = 20 * sys.getrecursionlimit()
HOSTILE = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "no attributes": b"{}",
    "deep nesting at the top": deep(DEEP),
    "deep nesting in the data": body(deep(DEEP)),
    "deep nesting in an unknown attribute": body(extra=deep(DEEP)),
    "deep nesting in an unknown field": body(b'{"x":' + deep(DEEP) + b',"run":1,"attempt":1,"worker":"w"}'),
    "a number of 6000 digits": body(b'{"run":1%s,"attempt":1,"worker":"w"}' % (b"0" * 6000)),
    "a number beyond the store": body(b'{"run":%d,"attempt":1,"worker":"w"}' % 2**64),
    "NaN": body(b'{"run":NaN,"attempt":1,"worker":"w"}'),
    "data that is null": body(b"null"),
    "data that is text": body(b'"{}"'),
    "bad UTF-8 in the data": body(b'{"run":1,"attempt":1,"worker":"\xff"}'),
    "bad UTF-8 in an attribute": body(subject=b'"\xc3\x28"'),
    "a surrogate in UTF-8": body(b'{"run":1,"attempt":1,"worker":"\xed\xa0\x80"}'),
    "half a surrogate pair": body(b'{"run":1,"attempt":1,"worker":"\\ud83c"}'),
    "half a surrogate pair in an attribute": body(subject=b'"\\ud83c"'),
    "a time without a zone": body(time=b'"2026-01-01T00:00:00"'),
    "a time that does not exist": body(time=b'"2026-02-30T00:00:00Z"'),
    "a time that has no UTC": body(time=b'"0001-01-01T00:00:00+23:59"'),
    "a time that is a number": body(time=b"1767225600"),
    "another CloudEvents": body(specversion=b'"0.3"'),
    "two values": body() + body(),
    "a byte order mark": b"\xef\xbb\xbf" + body(),
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bytes_are_an_invalid_event_and_no_other_error(hostile: bytes):
    with pytest.raises(InvalidEvent):
        decode(hostile).payload()


def test_of_a_key_told_twice_the_last_counts():
    event = decode(body(b'{"run":1,"run":2,"attempt":1,"worker":"w"}'))
    assert event.payload() == JobStarted(run=2, attempt=1, worker="w")


def test_odd_but_legal_events_are_read():
    event = decode(body(time=b'"2026-01-01T14:00:00+14:00"', extension=b'{"any":[1e999]}'))
    assert event.time == datetime(2026, 1, 1, tzinfo=UTC)
    assert decode(memoryview(body())).time == datetime(2026, 1, 1, tzinfo=UTC)
    assert decode(body(dataschema=b'"urn:tonearm:event:job.started:1\\n"')).version == 0


def survives(anything: bytes) -> None:
    """Decode, payload and encode raise InvalidEvent or nothing, and what was read is written alike."""
    try:
        event = decode(anything)
        event.payload()
        assert decode(encode(event)) == event
    except InvalidEvent:
        pass


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_read_or_refused(anything: bytes):
    survives(anything)


PIECES = [
    b"",
    b"\x00",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b",",
    b":",
    b"\\u",
    b"\xff",
    b"-",
    b"1e400",
    b"null",
    b"9" * 30,
]


@given(st.sampled_from(sorted(GOLDEN)), st.data())
def test_a_golden_event_with_damage_is_read_or_refused(key: tuple[Any, ...], data: st.DataObject):
    damaged = golden(key).read_bytes()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(damaged)))
        end = data.draw(st.integers(start, min(len(damaged), start + 5)))
        damaged = damaged[:start] + data.draw(st.sampled_from(PIECES) | st.binary(max_size=4)) + damaged[end:]
    survives(damaged)


def test_the_registry_knows_each_type_of_the_vocabulary():
    assert set(REGISTRY.current.values()) == set(PAYLOADS)


def test_an_upload_from_before_partial_was_the_default_still_refuses_what_is_incomplete():
    old, new = (
        b'{"filename":"a.mp4","content_type":"","bytes":1,"sha256":"","video_id":"v"}',
        msgspec.json.encode(JobUploaded(**VIDEO, options=DEFAULT)),
    )
    read = [REGISTRY.decode("job.uploaded", 1, data) for data in (old, new)]
    assert [bool(each.options.partial) for each in read if isinstance(each, JobUploaded)] == [False, True]
