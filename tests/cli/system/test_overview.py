import pytest

from cli.system.overview import line_of_jobs


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({}, "none"),
        ({"notified": 1200}, "1,200 notified"),
        ({"notified": 9, "converting": 0}, "9 notified"),
        ({"notified": 9, "failed": 2, "converting": 1}, "12: 1 converting, 2 failed, 9 notified"),
    ],
)
def test_jobs_are_told_by_state_and_their_number_once(counts: dict[str, int], told: str) -> None:
    assert line_of_jobs(counts) == told
