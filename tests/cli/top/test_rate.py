"""Events a second, by looks at the log's end."""

from cli.top.rate import KEPT, Rate


def test_what_came_between_two_looks_is_spread_over_the_time_between_them() -> None:
    rate = Rate()
    assert rate.now(100) is None
    for at, last in ((100, 1000), (101, 1004), (103, 1012), (104, 1016)):
        rate.look(at, last)
    assert rate.series(104, 6) == [None, 0, 4, 4, 4, 4]
    assert rate.now(104) == 4


def test_events_from_before_the_first_look_are_counted_by_their_time_and_later_ones_are_not() -> None:
    rate = Rate()
    rate.look(100, 1000)
    for at in (97.2, 97.9, 99.1, 100.5):
        rate.hear(at)
    assert rate.series(100, 5) == [None, 2, 0, 1, 0]


def test_a_log_that_is_shorter_than_before_counts_as_nothing() -> None:
    """Another gateway that has read less, or another log."""
    rate = Rate()
    rate.look(100, 1000)
    rate.look(101, 10)
    rate.look(102, 12)
    assert rate.series(102, 3) == [0, 0, 2]


def test_what_is_long_past_is_forgotten() -> None:
    rate = Rate()
    for at in range(3 * KEPT):
        rate.look(at, 10 * at)
    assert len(rate._seconds) <= KEPT + 1
