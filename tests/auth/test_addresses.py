from time import process_time

import pytest

from auth.errors import InvalidRequest
from auth.stores.directory import normalised


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  A.B@Example.COM ", "a.b@example.com"), ("admin@localhost", "admin@localhost"), ("é@x.fr", "é@x.fr")],
)
def test_addresses_are_compared_without_case(typed: str, kept: str) -> None:
    assert normalised(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a",
        "@x",
        "a@",
        "a@b@c",
        "a b@x",
        "a@x\r\nBcc: b@x",
        "a@x\0",
        "<a@x>",
        "a,b@x",
        "a" * 65 + "@x",
        "a@" + "x" * 260,
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest):
        normalised(typed)


def test_an_endless_address_is_refused_at_once() -> None:
    began = process_time()
    with pytest.raises(InvalidRequest):
        normalised("a" + "\u0315\u0300" * 30_000 + "@x")
    assert process_time() - began < 0.1
