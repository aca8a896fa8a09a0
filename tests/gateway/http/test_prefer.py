"""`Prefer: wait` is read by its grammar (RFC 7240, 2)."""

import pytest

from gateway.http.prefer import wait


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        (["wait=10"], 10),
        (["Wait = 10"], 10),
        (['wait="10"'], 10),
        (["respond-async, wait=10"], 10),
        (["respond-async", "wait=10"], 10),
        (["wait=10; what=ever"], 10),
        (["wait=10, wait=20"], 10),
        (["wait=100"], 60),
        (["wait=999999999"], 60),
        (["wait=99999999999999"], 60),
        (["wait=0"], 0),
        (['foo="a, wait=10"'], None),
        (['foo="\\", wait=10"'], None),
        (["foo; wait=10"], None),
        (["await=10"], None),
        (["wait"], None),
        (["wait="], None),
        (["wait=-1"], None),
        (["wait=1.5"], None),
        (["wait=ten"], None),
        (['wait="10'], None),
        ([""], None),
        ([], None),
        (['"\\' * 30_000 + ", wait=10"], None),
    ],
)
def test_a_client_waits_as_long_as_it_says_and_what_says_nothing_is_ignored(
    values: list[str], seconds: int | None
) -> None:
    assert wait(values, 60) == seconds
