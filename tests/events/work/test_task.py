"""The pace of work: when the next attempt comes."""

import pytest

from events.errors import Unavailable
from events.work.task import Pace, TryLater

PACE = Pace(delays=(5, 300, 1800))


@pytest.mark.parametrize(("attempt", "delay"), [(1, 5), (2, 300), (3, 1800), (4, None), (9, None)])
def test_each_attempt_waits_for_its_own_delay_and_the_last_one_for_none(attempt: int, delay: float | None):
    assert PACE.delay(attempt, Unavailable("…")) == delay


@pytest.mark.parametrize(
    ("attempt", "asked", "delay"),
    [
        (1, 0, 5),
        (1, 5, 5),
        (1, 6, 300),
        (1, 301, 1800),
        (2, 6, 300),
        (1, 1e9, 1800),
        (3, 1e9, 1800),
        (4, 6, None),
    ],
)
def test_what_shall_come_later_waits_in_the_next_longer_queue(
    attempt: int, asked: float, delay: float | None
):
    assert PACE.delay(attempt, TryLater("…", asked)) == delay
