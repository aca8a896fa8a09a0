from uuid import UUID

import pytest

from events.ids import event_id, new_id

JOB = "0199a1b2-0000-7000-8000-00000000000a"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("job.uploaded",), "688247e5-f754-5881-80b4-d6d7d501da59"),
        (("job.started", 1, 2), "62409eb0-4db6-5b60-b171-5a093d4048b0"),
        (("job.converted", 1), "11ce57b7-dfed-5f3c-a663-21fcee0452bc"),
        (("job.notified", 1, "job.converted"), "7a0ef60e-33f2-5fe5-b833-508881941daf"),
    ],
)
def test_an_events_id_is_the_same_for_ever(parts: tuple[str | int, ...], expected: str):
    type_, *rest = parts
    assert event_id(JOB, str(type_), *rest) == expected


def test_every_part_of_an_id_counts():
    ids = {
        event_id(*parts) for parts in [("a", "t"), ("b", "t"), ("a", "u"), ("a", "t", 1), ("a", "t", 1, 1)]
    }
    assert len(ids) == 5


def test_new_ids_sort_by_the_time_of_their_making():
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(set(ids))
    assert {UUID(id_).version for id_ in ids} == {7}
