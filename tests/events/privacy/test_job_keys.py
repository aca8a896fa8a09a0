"""The keys of jobs, in a MongoDB-wire server."""

import pytest
from making import uploaded
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Recorded
from events.privacy.job_keys import COLLECTION, JobKeys
from events.projections.jobs import fold

pytestmark = pytest.mark.servers

NAME = "Anna's birthday.mp4"


def filename(view: object) -> str:
    return getattr(view, "filename", "no view")


async def test_who_reads_from_the_same_database_reads_what_was_typed(database: AsyncDatabase) -> None:
    sealed = await JobKeys(database).seal(uploaded("j1", NAME))
    assert NAME.encode() not in bytes(sealed.data)
    assert filename(fold(await JobKeys(database).opened([Recorded(1, sealed)]))) == NAME


async def test_a_job_has_one_key_whoever_publishes(database: AsyncDatabase) -> None:
    one, other = JobKeys(database), JobKeys(database)
    for keys in (one, other, one):
        sealed = await keys.seal(uploaded("j1", NAME))
        assert [filename(fold([Recorded(1, await reader.open(sealed))])) for reader in (one, other)] == [
            NAME
        ] * 2


async def test_a_destroyed_key_opens_nothing_and_never_comes_back(database: AsyncDatabase) -> None:
    keys = JobKeys(database)
    before = await keys.seal(uploaded("j1", NAME))
    kept = await keys.seal(uploaded("j2", NAME))

    await keys.destroy(["j1", "never published"])

    for reader in (keys, JobKeys(database)):
        opened = await reader.opened([Recorded(1, before), Recorded(2, kept)])
        assert [filename(fold([each])) for each in opened] == ["", NAME]
        late = await reader.seal(uploaded("j1", NAME))
        assert (late.sealed, filename(fold([Recorded(3, late)]))) == (None, "")
        nothing = await reader.seal(uploaded("never published", NAME))
        assert nothing.sealed is None
    documents = await database[COLLECTION].find({"key": {"$exists": True}}).to_list()
    assert [each["_id"] for each in documents] == ["j2"]


async def test_the_time_of_the_first_destruction_stays(database: AsyncDatabase) -> None:
    keys = JobKeys(database)
    await keys.seal(uploaded("j1", NAME))
    await keys.destroy(["j1"])
    first = await database[COLLECTION].find_one({"_id": "j1"})
    await keys.destroy(["j1"])
    assert await database[COLLECTION].find_one({"_id": "j1"}) == first


async def test_an_account_is_forgotten_with_all_its_jobs_and_no_other(database: AsyncDatabase) -> None:
    keys = JobKeys(database)
    sealed = [
        await keys.seal(replace(uploaded(f"j{n}", NAME), account=f"account-{n // 60}")) for n in range(61)
    ]
    await keys.destroy_account("account-0")
    opened = await JobKeys(database).opened([Recorded(n, event) for n, event in enumerate(sealed)])
    assert {filename(fold([each])) for each in opened[:-1]} == {""}
    assert filename(fold([opened[-1]])) == NAME


async def test_a_key_that_was_not_there_a_moment_ago_opens_what_comes_now(database: AsyncDatabase) -> None:
    """As where keys come back after the log: only one that is destroyed is not asked for again."""
    sealed = await JobKeys(database).seal(uploaded("j1", NAME))
    document = await database[COLLECTION].find_one_and_delete({"_id": "j1"})
    reader = JobKeys(database)
    assert filename(fold([Recorded(1, await reader.open(sealed))])) == ""
    await database[COLLECTION].insert_one(document)
    assert filename(fold([Recorded(1, await reader.open(sealed))])) == NAME


async def test_only_so_many_keys_are_held_and_the_rest_is_read_again(database: AsyncDatabase) -> None:
    keys = JobKeys(database, most=2)
    sealed = [await keys.seal(uploaded(f"j{n}", NAME)) for n in range(9)]
    for n, event in enumerate(sealed):
        assert filename(fold(await keys.opened([Recorded(n, event)]))) == NAME
        assert len(keys) <= 5


async def test_a_key_is_held_for_a_while_and_then_asked_for_again(database: AsyncDatabase) -> None:
    keys, other = JobKeys(database, seconds=0), JobKeys(database)
    sealed = await keys.seal(uploaded("j1", NAME))
    await other.destroy(["j1"])
    assert filename(fold(await keys.opened([Recorded(1, sealed)]))) == ""


async def test_all_keys_can_be_read_at_once(database: AsyncDatabase) -> None:
    sealed = [await JobKeys(database).seal(uploaded(f"j{n}", NAME)) for n in range(3)]
    keys = JobKeys(database)
    await keys.warm()
    assert len(keys) == 3
    assert {filename(fold([each])) for each in await keys.opened([Recorded(1, each) for each in sealed])} == {
        NAME
    }
