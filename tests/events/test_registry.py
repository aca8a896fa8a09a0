from typing import Any, ClassVar, get_args

import pytest
from msgspec import Struct

from events.envelope import account_event, job_event, schema_urn
from events.errors import InvalidEvent
from events.payload import Payload
from events.registry import Registry, Upcast
from events.types import (
    AccountErased,
    AccountFact,
    AccountLetterRequested,
    AccountNotified,
    AnyPayload,
    FeedFact,
    HookFact,
    ImportFact,
    JobFact,
    Letter,
    RunFact,
    Unknown,
)


class PhotoTakenV1(Struct, frozen=True):
    size: str


class PhotoTakenV2(Struct, frozen=True):
    width: int
    height: int


class PhotoTaken(JobFact, frozen=True, kw_only=True):
    """Today's shape: the third."""

    TYPE: ClassVar[str] = "job.photographed"
    VERSION: ClassVar[int] = 3
    NAMED_BY = ("camera",)
    pixels: int
    camera: str = "unknown"


def from_v1(old: PhotoTakenV1) -> PhotoTakenV2:
    width, height = old.size.split("x")
    return PhotoTakenV2(int(width), int(height))


def from_v2(old: PhotoTakenV2) -> PhotoTaken:
    return PhotoTaken(pixels=old.width * old.height)


UPCASTS = {
    ("job.photographed", 1): Upcast(PhotoTakenV1, from_v1),
    ("job.photographed", 2): Upcast(PhotoTakenV2, from_v2),
}
REGISTRY = Registry([PhotoTaken], UPCASTS)


@pytest.mark.parametrize(
    ("version", "data"),
    [(1, b'{"size":"4x3"}'), (2, b'{"width":4,"height":3}'), (3, b'{"pixels":12,"a later field":[]}')],
)
def test_every_old_version_reads_as_todays_struct(version: int, data: bytes):
    assert REGISTRY.decode("job.photographed", version, data) == PhotoTaken(pixels=12)


def test_a_version_without_an_upcast_is_noticed_at_start():
    with pytest.raises(ValueError, match=r"no upcast from job\.photographed version 2"):
        Registry([PhotoTaken], {("job.photographed", 1): UPCASTS["job.photographed", 1]})


@pytest.mark.parametrize(
    ("type_", "version"),
    [("job.photographed", 4), ("job.photographed", 0), ("job.lost", 1), ("photo.lost", 1)],
)
def test_what_this_build_does_not_know_is_carried_whatever_its_data(type_: str, version: int):
    assert REGISTRY.decode(type_, version, b"\xff not even JSON") == Unknown(type_, version)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"size":4}', b'{"size":"\xff"}', b'{"size":"4x3","x":' + b"[" * 100_000]
)
def test_data_that_does_not_fit_its_version_is_invalid_and_says_of_which(data: bytes):
    with pytest.raises(InvalidEvent, match=r"job\.photographed version 1"):
        REGISTRY.decode("job.photographed", 1, data)


def test_a_new_event_is_written_in_todays_version_and_read_by_its_registry():
    photo: Any = PhotoTaken(pixels=12)
    event = job_event(photo, job_id="1", account="a", source="/test")
    assert event.dataschema == schema_urn(PhotoTaken) == "urn:tonearm:event:job.photographed:3"
    assert event.payload(REGISTRY) == PhotoTaken(pixels=12)
    assert event.payload() == Unknown("job.photographed", 3)


class Nameless(JobFact, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "job.nameless"


class Heir(PhotoTaken, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "job.inherited"


class Misnamed(JobFact, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "job.misnamed"
    NAMED_BY = ("run",)


class Misplaced(AccountFact, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "job.misplaced"
    NAMED_BY = ()


class Homeless(Payload, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "job.homeless"
    NAMED_BY = ()


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (Nameless, "does not declare NAMED_BY"),
        (Heir, "does not declare NAMED_BY"),
        (Misnamed, "named by run"),
        (Misplaced, "begins with"),
        (Homeless, "begins with"),
    ],
)
def test_a_type_that_forgets_a_declaration_is_noticed_at_start(payload: type[Payload], words: str):
    with pytest.raises(ValueError, match=words):
        Registry([payload])


def test_an_event_is_named_by_all_that_its_type_asks_for():
    wanted, sent = AccountLetterRequested(letter=Letter.RESET), AccountErased(reason="operator")
    with pytest.raises(ValueError, match="none is given"):
        account_event(wanted, account="a", source="/test")
    with pytest.raises(ValueError, match="not named by an occasion"):
        account_event(sent, account="a", source="/test", occasion="o")
    with pytest.raises(ValueError, match="none is given"):
        account_event(AccountNotified(letter=Letter.RESET, message_id=""), account="a", source="/test")


def test_the_vocabulary_holds_every_type_of_its_module():
    def all_of(base: type[Payload]) -> set[type[Payload]]:
        return {base}.union(*map(all_of, base.__subclasses__()))

    declared = {each for each in all_of(Payload) if each.__module__.startswith("events.types.")}
    assert declared - {JobFact, RunFact, AccountFact, HookFact, FeedFact, ImportFact} == set(
        get_args(AnyPayload)
    )
