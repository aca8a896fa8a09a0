"""What becomes of the jobs of an account that was erased."""

from typing import Any

from waiting import wait_for

from events.envelope import account_event
from events.ids import new_id
from events.types import AccountErased
from tests.gateway.running import STARTED
from tests.gateway.upkeep.world import ACCOUNT, World, uploaded


async def erase_account(world: World, account: str = ACCOUNT) -> None:
    event = account_event(AccountErased(reason="operator"), account=account, source="test")
    await world.publisher.publish(event)


async def test_all_jobs_of_an_erased_account_are_deleted_with_receipts_and_its_preset_goes(
    world: World,
) -> None:
    others = new_id()
    await world.store(world.videos, others, others)
    await world.tell(others, uploaded(others), account="another")
    jobs = [await world.job() for _ in range(3)]
    await world.convert(jobs[0])
    await world.tell(jobs[1], STARTED)
    await world.presets.set(ACCOUNT, {"format": "opus"})
    claim = await world.keys.claim(ACCOUNT, "of an upload that never ended")
    await world.keys.claim("another", "key")
    async with world.cared_for():
        await erase_account(world)
        for job_id in jobs:
            view = await world.erased(job_id)
            assert view.deletion is not None
            assert view.deletion.reason == "account_erased"

        async def forgotten() -> bool:
            keys = [each["_id"] async for each in world.database["idempotency_keys"].find()]
            return (claim.id in keys, len(keys)) == (False, 1)

        await wait_for(forgotten)
        assert await world.database["presets"].count_documents({}) == 0
    assert await world.stored(world.videos) == {others}
    assert await world.stored(world.audio) == set()
    assert (await world.view(others)).deletion is None


async def test_an_account_erased_while_nobody_cared_is_found_in_the_log(world: World) -> None:
    job_id = await world.job()
    await erase_account(world)
    async with world.cared_for():
        await world.erased(job_id)


async def test_an_upload_that_ends_after_its_account_was_erased_is_deleted_too(world: World) -> None:
    async with world.cared_for():
        await erase_account(world)
        await wait_for(lambda: ACCOUNT in world.accounts)
        await world.erased(await world.job())


async def test_a_file_of_an_erased_account_that_nobody_heard_of_is_found_by_the_sweep(world: World) -> None:
    async with world.cared_for():
        await erase_account(world)
        await wait_for(lambda: ACCOUNT in world.accounts)

        async def done() -> bool:
            return await world.accounts.open() == []

        await wait_for(done)
        await world.sweeper().sweep()
        assert await done()
    unheard = await world.job()
    await world.store(world.videos, new_id())  # of an upload that died, and became no job
    swept = await world.sweeper(grace=3600).sweep()
    assert (swept.uploads, await world.stored(world.videos)) == (1, {unheard})
    assert await world.accounts.open() == [ACCOUNT]
    async with world.cared_for():
        await world.erased(unheard)


async def test_the_log_is_read_once_and_then_from_where_it_was(world: World) -> None:
    async with world.cared_for():
        await erase_account(world)
        await wait_for(lambda: ACCOUNT in world.accounts)

        async def noted() -> Any:
            return await world.database["projections"].find_one({"_id": "erased_accounts"})

        place = await wait_for(noted)
    await world.database["erased_accounts"].delete_many({})
    async with world.cared_for():
        await erase_account(world, "another")
        await wait_for(lambda: "another" in world.accounts)
        assert ACCOUNT not in world.accounts
    # Another log, as after a restore: all of it is read.
    wrong = {"$set": {"offset": place["offset"], "event_id": "of another log"}}
    await world.database["projections"].update_one({"_id": "erased_accounts"}, wrong)
    async with world.cared_for():
        await wait_for(lambda: ACCOUNT in world.accounts)
