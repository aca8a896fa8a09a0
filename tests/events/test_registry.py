from typing import ClassVar

import pytest
from msgspec import Struct

from events.envelope import record, schema_urn
from events.errors import InvalidEvent
from events.registry import Registry, Upcast
from events.types import Payload, Unknown


class PhotoTakenV1(Struct, frozen=True):
    size: str


class PhotoTakenV2(Struct, frozen=True):
    width: int
    height: int


class PhotoTaken(Payload, frozen=True, kw_only=True):
    """Today's shape: the third."""

    TYPE: ClassVar[str] = "photo.taken"
    VERSION: ClassVar[int] = 3
    pixels: int
    camera: str = "unknown"


def from_v1(old: PhotoTakenV1) -> PhotoTakenV2:
    width, height = old.size.split("x")
    return PhotoTakenV2(int(width), int(height))


def from_v2(old: PhotoTakenV2) -> PhotoTaken:
    return PhotoTaken(pixels=old.width * old.height)


UPCASTS = {
    ("photo.taken", 1): Upcast(PhotoTakenV1, from_v1),
    ("photo.taken", 2): Upcast(PhotoTakenV2, from_v2),
}
REGISTRY = Registry([PhotoTaken], UPCASTS)


@pytest.mark.parametrize(
    ("version", "data"),
    [(1, b'{"size":"4x3"}'), (2, b'{"width":4,"height":3}'), (3, b'{"pixels":12,"a later field":[]}')],
)
def test_every_old_version_reads_as_todays_struct(version: int, data: bytes):
    assert REGISTRY.decode("photo.taken", version, data) == PhotoTaken(pixels=12)


def test_a_version_without_an_upcast_is_noticed_at_start():
    with pytest.raises(ValueError, match=r"no upcast from photo\.taken version 2"):
        Registry([PhotoTaken], {("photo.taken", 1): UPCASTS["photo.taken", 1]})


@pytest.mark.parametrize(("type_", "version"), [("photo.taken", 4), ("photo.taken", 0), ("photo.lost", 1)])
def test_what_this_build_does_not_know_is_carried_whatever_its_data(type_: str, version: int):
    assert REGISTRY.decode(type_, version, b"\xff not even JSON") == Unknown(type_, version)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"size":4}', b'{"size":"\xff"}', b'{"size":"4x3","x":' + b"[" * 100_000]
)
def test_data_that_does_not_fit_its_version_is_invalid_and_says_of_which(data: bytes):
    with pytest.raises(InvalidEvent, match=r"photo\.taken version 1"):
        REGISTRY.decode("photo.taken", 1, data)


def test_a_new_event_is_written_in_todays_version_and_read_by_its_registry():
    event = record(PhotoTaken(pixels=12), subject="1", account="a", source="/test")  # type: ignore[arg-type]
    assert event.dataschema == schema_urn(PhotoTaken) == "urn:tonearm:event:photo.taken:3"
    assert event.payload(REGISTRY) == PhotoTaken(pixels=12)
    assert event.payload() == Unknown("photo.taken", 3)
