"""Limits, as they are written and as they add up."""

import pytest

from service.quotas import Limits, OwnLimits, read, widest, with_own


def test_limits_are_read_with_their_units():
    assert read("") == Limits()
    assert read("bytes_stored=50GB&audio_seconds=10h&jobs_open=20") == Limits(
        bytes_stored=50 * 10**9, audio_seconds=36_000, jobs_open=20
    )
    assert read("bytes_stored=1GiB&audio_seconds=90m&jobs_today=none&uploads_at_once=0") == Limits(
        bytes_stored=2**30, audio_seconds=5400, uploads_at_once=0
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("jobs=3", "there is no limit 'jobs': bytes_stored,"),
        ("jobs_open=many", "jobs_open takes a whole number; or none"),
        ("jobs_open=-1", "jobs_open takes a whole number"),
        ("jobs_open=5GB", "jobs_open takes a whole number"),
        ("bytes_stored=5 Gb", "perhaps with a unit: kB, MB"),
        ("bytes_stored=9999999999TB", "Expected `int` <= 9223372036854775807"),
        ("jobs_open=1&jobs_open=2", "a limit is named twice"),
        ("jobs_open", "bad query field"),
    ],
)
def test_a_limit_that_cannot_be_is_told(text: str, told: str):
    with pytest.raises(ValueError, match=told):
        read(text)


def test_of_several_roles_the_most_generous_limit_counts_and_an_own_one_before_it():
    user, admin = Limits(jobs_open=5, jobs_today=100), Limits(jobs_open=50, bytes_stored=1)
    both = widest([user, admin])
    assert both == Limits(jobs_open=50)
    assert with_own(user, {"jobs_today": None, "bytes_stored": 7}) == Limits(jobs_open=5, bytes_stored=7)


@pytest.mark.servers
async def test_limits_of_accounts_are_kept_until_they_are_taken_back(database):
    own = OwnLimits(database)
    await own.set("a", {"jobs_open": 3, "jobs_today": None})
    await own.set("b", {"bytes_stored": 2**62})
    await database["quotas"].update_one({"_id": "b"}, {"$set": {"of_a_later_version": 1}})

    assert await own.all() == {"a": {"jobs_open": 3, "jobs_today": None}, "b": {"bytes_stored": 2**62}}
    await own.set("a", {})
    assert await own.get("a") == {}
    assert list(await own.all()) == ["b"]
