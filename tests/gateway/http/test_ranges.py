from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.ranges import (
    NotModified,
    Part,
    PreconditionFailed,
    Unsatisfiable,
    Version,
    Whole,
    decide,
    select,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
VERSION = Version(100, '"abc"', NOW)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_a_range_is_what_a_slice_would_be(size: int, first: int, last: int) -> None:
    data = bytes(range(256)) * 2
    found = select(f"bytes={first}-{last}", size)
    expected = data[:size][first : last + 1]
    if expected:
        assert isinstance(found, Part)
        assert data[found.first : found.last + 1] == expected
    else:
        assert found == Unsatisfiable()


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_suffix_is_the_end(size: int, count: int) -> None:
    found = select(f"bytes=-{count}", size)
    if size and count:
        assert found == Part(max(0, size - count), size - 1)
    else:
        assert found == Unsatisfiable()


@given(st.text(max_size=30), st.integers(0, 100))
def test_no_header_breaks_it(header: str, size: int) -> None:
    for each in (header, f"bytes={header}"):
        found = select(each, size)
        if isinstance(found, Part):
            assert 0 <= found.first <= found.last < size


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("lines=1-2", Whole()),
        ("bytes=1-2,4-5", Whole()),
        ("bytes=", Unsatisfiable()),
        ("bytes=-", Unsatisfiable()),
        ("bytes=5-4", Unsatisfiable()),
        ("bytes=٣-", Unsatisfiable()),
        ("BYTES = 1-2", Part(1, 2)),
        ("bytes=1-" + "9" * 5000, Unsatisfiable()),
    ],
)
def test_odd_headers(header: str, expected: object) -> None:
    assert select(header, 100) == expected


LATER = "Fri, 02 Jan 2026 03:04:06 GMT"
SAME = "Fri, 02 Jan 2026 03:04:05 GMT"
EARLIER = "Fri, 02 Jan 2026 03:04:04 GMT"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Whole()),
        ({"if-none-match": "*"}, NotModified()),
        ({"if-none-match": '"x", W/"abc"'}, NotModified()),
        ({"if-none-match": '"x"', "if-modified-since": LATER}, Whole()),
        ({"if-modified-since": SAME}, NotModified()),
        ({"if-modified-since": EARLIER}, Whole()),
        ({"if-modified-since": "yesterday"}, Whole()),
        ({"if-match": 'W/"abc"'}, PreconditionFailed()),
        ({"if-match": '"abc"', "if-unmodified-since": EARLIER}, Whole()),
        ({"if-unmodified-since": EARLIER}, PreconditionFailed()),
        ({"range": "bytes=0-1", "if-range": SAME}, Part(0, 1)),
        ({"range": "bytes=0-1", "if-range": LATER}, Whole()),
        ({"range": "bytes=0-1", "if-range": 'W/"abc"'}, Whole()),
        ({"range": "bytes=0-1", "if-none-match": '"abc"'}, NotModified()),
    ],
)
def test_conditions_come_in_the_order_of_the_rfc(headers: dict[str, str], expected: object) -> None:
    assert decide("GET", headers, VERSION) == expected


@pytest.mark.parametrize("name", ["if-match", "if-none-match", "if-range", "if-modified-since", "range"])
@pytest.mark.parametrize("filling", [" ", "\t", '"', '" ', "W/", ",", "-", "9"])
def test_no_header_takes_long(name: str, filling: str) -> None:
    for value in (f"x{filling * 20_000}x", f"bytes={filling * 3_000}x", f"x{filling * 4_000}"[:4096]):
        began = process_time()
        decide("GET", {name: value}, VERSION)
        assert process_time() - began < 0.1


def test_a_range_means_nothing_to_head() -> None:
    assert decide("HEAD", {"range": "bytes=0-1"}, VERSION) == Whole()
    assert VERSION.last_modified == SAME
