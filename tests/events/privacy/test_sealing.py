"""What a person typed is in the log only for who has the key of its job."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect
from msgspec.structs import replace
from strategies import EPOCH, JOB, JOB_PAYLOADS, OWNER, PAYLOADS, event_of, logs, payloads, type_info

from events.envelope import Event, Recorded, decode, encode
from events.options import Options, Tags
from events.privacy.sealing import KEY_BYTES, seal, unseal
from events.projections.jobs import evolve, fold
from events.types import DeletionReason, JobDeleted, JobUploaded

KEY = bytes(range(KEY_BYTES))
TYPED = "canary"

OURS = {
    "about",
    "audio_id",
    "engine",
    "family",
    "language",
    "link_id",
    "media.container",
    "media.pictures.codec",
    "media.subtitles.codec",
    "media.subtitles.language",
    "media.tracks.codec",
    "media.tracks.language",
    "media.tracks.layout",
    "media.tracks.profile",
    "message",
    "message_id",
    "options.quality",
    "reason",
    "sha256",
    "source_sha256",
    "audio_sha256",
    "transcript_id",
    "transcripts.language",
    "transcripts.sha256",
    "transcripts.transcript_id",
    "video_sha256",
    "video_id",
    "worker",
}
"""Texts of events that nobody types, and that the log may hold in the clear: ids, hashes, names of codecs,
our own sentences. A new field is here, or is sealed."""


def event(payload: Any) -> Event:
    return event_of(payload, JOB, OWNER, EPOCH)


def wordy(kind: inspect.Type) -> Any:
    """A value of one of msgspec's types, in which every text is one that somebody typed."""
    match kind:
        case inspect.Metadata(type=described):
            return wordy(described)
        case inspect.StructType(cls=cls):
            return cls(**{field.name: wordy(field.type) for field in type_info(cls).fields})
        case inspect.VarTupleType(item_type=item):
            return (wordy(item),)
        case inspect.UnionType(types=types):
            return wordy(next(each for each in types if not isinstance(each, inspect.NoneType)))
        case inspect.StrType():
            return TYPED
        case inspect.EnumType(cls=cls):
            return next(iter(cls))
        case inspect.IntType(ge=low) | inspect.FloatType(ge=low):
            return 1 if low is None else low
        case inspect.DateTimeType():
            return EPOCH
        case _:
            return True


def told(value: Any, path: str = "") -> Iterator[str]:
    """The paths of a JSON document at which a typed text stands."""
    match value:
        case dict():
            for name, inner in value.items():
                yield from told(inner, f"{path}.{name}".removeprefix("."))
        case list():
            for inner in value:
                yield from told(inner, path)
        case str() if TYPED in value:
            yield path


@pytest.mark.parametrize("type_", JOB_PAYLOADS, ids=lambda type_: type_.TYPE)
def test_every_text_of_a_jobs_event_is_sealed_or_known_to_be_ours(type_: type[Any]) -> None:
    sealed = seal(event(wordy(type_info(type_))), KEY)
    assert set(told(msgspec.json.decode(sealed.data))) <= OURS


@pytest.mark.parametrize("type_", PAYLOADS, ids=lambda type_: type_.TYPE)
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_who_has_the_key_reads_the_event_as_it_was(type_: type[Any], data: st.DataObject) -> None:
    whole = event(data.draw(payloads(type_)))
    opened = unseal(decode(encode(seal(whole, KEY))), KEY)
    assert opened.payload() == whole.payload()
    assert replace(opened, data=whole.data) == whole


@pytest.mark.parametrize("key", [None, bytes(KEY_BYTES)], ids=["destroyed", "another"])
@pytest.mark.parametrize("type_", JOB_PAYLOADS, ids=lambda type_: type_.TYPE)
def test_without_the_key_only_what_was_typed_is_gone(type_: type[Any], key: bytes | None) -> None:
    whole = event(wordy(type_info(type_)))
    forgotten = unseal(seal(whole, KEY), key)
    assert forgotten == seal(whole, None)
    assert forgotten.sealed is None
    before, after = (evolve(None, Recorded(5, each)) for each in (whole, forgotten))
    assert before
    assert after
    for name in ("state", "run", "attempt", "created", "updated", "seen"):
        assert getattr(after, name) == getattr(before, name)


@given(logs())
@settings(deadline=None, max_examples=60)
def test_the_view_of_a_deleted_job_does_not_tell_if_there_is_a_key(log: list[Recorded]) -> None:
    deleted = JobDeleted(reason=DeletionReason.USER)
    whole = [*log, Recorded(1000, event(deleted))]
    sealed = [Recorded(each.offset, seal(each.event, KEY)) for each in whole]
    views = [fold([Recorded(each.offset, unseal(each.event, key)) for each in sealed]) for key in (KEY, None)]
    assert views[0] == views[1]


def test_what_is_sealed_twice_does_not_look_the_same() -> None:
    whole = event(wordy(type_info(JOB_PAYLOADS[0])))
    assert seal(whole, KEY).sealed != seal(whole, KEY).sealed


def test_what_is_sealed_cannot_be_moved_to_another_event() -> None:
    whole = event(wordy(type_info(JOB_PAYLOADS[0])))
    moved = replace(seal(whole, KEY), id="another")
    assert unseal(moved, KEY) == replace(seal(whole, None), id="another")


def test_what_is_sealed_in_the_golden_file_is_read_for_ever() -> None:
    golden = Path(__file__).parents[1] / "golden" / "job.uploaded.v1.sealed.json"
    opened = unseal(decode(golden.read_bytes()), KEY).payload()
    assert isinstance(opened, JobUploaded)
    assert (opened.filename, opened.content_type) == ("Ferien in Küsnacht 🏔.mp4", "video/mp4")
    assert opened.options == Options(tags=Tags(title="Für Anna"))


def test_an_event_from_before_stays_as_it_is() -> None:
    clear = event(wordy(type_info(JOB_PAYLOADS[0])))
    assert unseal(clear, KEY) is clear
