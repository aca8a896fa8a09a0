"""What an answer of a source brings, and when a file is gone on with."""

from typing import Any

import pytest

from events.types import ImportFailure
from gateway.imports.answers import Anew, Fields, Known, part_of, question, validator_of
from gateway.imports.failures import ImportFailing, ImportStuck

DATE, BEFORE = "Mon, 30 Nov 2026 15:00:00 GMT", "Mon, 30 Nov 2026 14:00:00 GMT"
HALF = Known(offset=500, length=1000, validator='"1"')
REST: dict[str, str] = {"range": "bytes 500-999/1000", "etag": '"1"'}


def test_the_rest_is_asked_for_by_what_proves_that_it_is_the_same_file() -> None:
    assert question(HALF)["Range"] == "bytes=500-"
    assert question(HALF)["If-Range"] == '"1"'
    for known in (Known(), Known(validator='"1"'), Known(offset=500)):
        assert not {"Range", "If-Range"} & question(known).keys()


@pytest.mark.parametrize(
    ("fields", "validator"),
    [
        ({"etag": '"a-1"'}, '"a-1"'),
        ({"etag": 'W/"a"'}, ""),
        ({"etag": "bare"}, ""),
        ({"etag": '"a"', "ranges": "none"}, ""),
        ({"etag": '"\r\nX: y"'}, ""),
        ({"etag": 'W/"a"', "modified": BEFORE, "date": DATE}, BEFORE),
        ({"modified": DATE, "date": DATE}, ""),
        ({"modified": BEFORE}, ""),
        ({"modified": "yesterday", "date": DATE}, ""),
        ({"modified": "Mon, 30 Nov 2026 14:00:00 -0000", "date": DATE}, ""),
    ],
)
def test_only_a_strong_validator_proves_it(fields: dict[str, str], validator: str) -> None:
    assert validator_of(Fields(**fields)) == validator


def test_the_rest_goes_on_where_the_bytes_end() -> None:
    part = part_of(206, Fields(**REST), HALF)
    assert (part.offset, part.length, part.validator) == (500, 1000, '"1"')
    assert part_of(206, Fields(**{**REST, "range": "bytes 500-700/*"}), HALF).length == 1000


@pytest.mark.parametrize(
    ("status", "change"),
    [
        (206, {"range": "bytes 0-999/1000"}),
        (206, {"range": "bytes 500-999/1001"}),
        (206, {"range": "bytes 500-1000/1000"}),
        (206, {"range": "bytes 500-499/1000"}),
        (206, {"range": "bytes 600-999/1000"}),
        (206, {"range": ""}),
        (206, {"range": "bytes 5٠0-999/1000"}),
        (206, {"etag": '"2"'}),
        (416, {}),
    ],
)
def test_an_answer_that_is_not_the_rest_means_to_begin_anew(status: int, change: dict[str, str]) -> None:
    with pytest.raises(Anew):
        part_of(status, Fields(**{**REST, **change}), HALF)


def test_a_part_that_nobody_asked_for_is_not_taken_for_the_file() -> None:
    with pytest.raises(Anew):
        part_of(206, Fields(range="bytes 0-9/10"), Known())


@pytest.mark.parametrize(
    ("length", "read"), [("1000", 1000), ("", None), ("-1", None), ("1e3", None), ("²", None)]
)
def test_all_of_the_file_begins_at_its_first_byte(length: str, read: int | None) -> None:
    part = part_of(200, Fields(length=length, etag='"2"', type="video/mp4"), HALF)
    assert (part.offset, part.length, part.validator, part.media_type) == (0, read, '"2"', "video/mp4")


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (404, ImportFailing, ImportFailure.REFUSED),
        (403, ImportFailing, ImportFailure.REFUSED),
        (304, ImportFailing, ImportFailure.REFUSED),
        (204, ImportFailing, ImportFailure.REFUSED),
        (429, ImportStuck, ImportFailure.REFUSED),
        (503, ImportStuck, ImportFailure.REFUSED),
    ],
)
def test_a_status_says_whether_it_may_help_to_come_again(status: int, kind: Any, code: ImportFailure) -> None:
    with pytest.raises(kind) as raised:
        part_of(status, Fields(), Known())
    assert raised.value.code is code


def test_what_comes_packed_is_refused() -> None:
    with pytest.raises(ImportFailing, match="packed"):
        part_of(200, Fields(encoding="gzip"), Known())


@pytest.mark.parametrize(
    "time",
    ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +99999999999999", "x"],
)
def test_a_time_that_is_none_is_no_validator(time: str) -> None:
    assert part_of(200, Fields(modified=time, date="Tue, 02 Jan 2024 00:00:00 GMT"), Known()).validator == ""
