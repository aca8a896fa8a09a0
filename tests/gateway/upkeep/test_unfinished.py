"""What becomes of uploads at /files that nobody ends."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from waiting import wait_for

from events.options import Options
from gateway.errors import UploadGone
from gateway.files.reception import Piece, Reception
from gateway.files.records import Asked
from gateway.http.bodies import Limit
from gateway.quotas.door import OPEN
from gateway.upkeep.unfinished import REMEMBERED
from tests.gateway.upkeep.test_erased_accounts import erase_account
from tests.gateway.upkeep.world import ACCOUNT, LIFE, World

DATA = os.urandom(600_000)
ASKED = Asked(filename="a.mp4", content_type="video/mp4", options=Options(), given={})


async def begun(reception: Reception, size: int, account: str = ACCOUNT) -> str:
    """Begin an upload of DATA, of which so many bytes come."""

    async def body(_: Limit) -> AsyncIterator[bytes]:
        yield DATA[:size]

    upload = await reception.create(account, ASKED, len(DATA), OPEN)
    await reception.receive(account, upload.upload_id, Piece(offset=0, body=body), OPEN)
    return upload.upload_id


async def chunks_of(world: World) -> set[str]:
    return set(await world.database["videos.chunks"].distinct("files_id"))


async def test_an_upload_that_has_expired_is_gone_and_one_that_lives_or_is_a_job_stays(world: World) -> None:
    reception = world.reception()
    expired, whole = await begun(reception, 300_000), await begun(reception, len(DATA))
    await world.live.wait_for(whole, 1)
    living = await begun(world.reception(life=90_000.0), 300_000)
    in_an_hour = datetime.now(UTC) + timedelta(seconds=3601)

    assert await world.unfinished.sweep(in_an_hour) == 1
    assert await chunks_of(world) == {whole, living}
    with pytest.raises(UploadGone, match="expired"):
        await reception.stand(ACCOUNT, expired)
    assert (await reception.stand(ACCOUNT, living)).offset == 300_000
    assert await world.unfinished.sweep(datetime.now(UTC) + REMEMBERED + timedelta(hours=1)) == 1
    assert await world.database["uploads"].count_documents({"_id": expired}) == 0


async def left_whole(world: World, last_byte: datetime) -> str:
    """Leave what a process leaves that is killed between an upload's last byte and its event."""
    upload_id = await begun(world.reception(), 300_000)
    is_whole = {"length": 300_000, "expires": last_byte + timedelta(seconds=LIFE)}
    await world.database["uploads"].update_one({"_id": upload_id}, {"$set": is_whole})
    return upload_id


async def test_an_upload_that_is_whole_becomes_a_job_though_nobody_asks_for_it(world: World) -> None:
    left = await left_whole(world, datetime.now(UTC) - timedelta(minutes=2))
    new = await left_whole(world, datetime.now(UTC))
    async with world.cared_for():

        async def is_job() -> bool:
            return await world.live.view(left) is not None

        await wait_for(is_job)

        async def is_alone() -> bool:
            return await world.database["uploads"].distinct("_id") == [new]

        await wait_for(is_alone, message="a record goes after its job is in the log")
    assert await world.live.view(new) is None, "its request may still be about to make a job of it"
    assert await world.told(left, "job.uploaded")


async def test_trouble_that_nobody_foresaw_does_not_end_the_making_of_jobs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = await left_whole(world, datetime.now(UTC) - timedelta(minutes=2))
    settle, tries = world.unfinished.settle, list[datetime]()

    async def fails_at_first(now: datetime) -> None:
        tries.append(now)
        if len(tries) == 1:
            raise RuntimeError("nobody foresaw this")
        await settle(now)

    monkeypatch.setattr(world.unfinished, "settle", fails_at_first)
    monkeypatch.setattr("gateway.upkeep.caretaker.SETTLE_EVERY", 0.1)
    async with world.cared_for():

        async def is_job() -> bool:
            return await world.live.view(left) is not None

        await wait_for(is_job)


async def test_an_upload_that_is_whole_does_not_expire_unless_its_bytes_are_lost(world: World) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=2)
    asked_for, swept, lost = [await left_whole(world, long_ago) for _ in range(3)]
    await world.database["videos.chunks"].delete_one({"files_id": lost})
    assert (await world.reception().stand(ACCOUNT, asked_for)).is_job
    assert await world.unfinished.sweep(datetime.now(UTC)) == 1
    assert await world.told(swept, "job.uploaded")
    assert await chunks_of(world) == {asked_for, swept}


async def test_no_sweep_takes_the_chunks_of_an_upload_that_lives(world: World) -> None:
    reception = world.reception()
    living = await begun(reception, 300_000)
    await world.sweeper(grace=0.0).sweep()
    assert await chunks_of(world) == {living}


async def test_an_unfinished_upload_of_an_erased_account_goes(world: World) -> None:
    reception = world.reception()
    unfinished, others = await begun(reception, 300_000), await begun(reception, 300_000, "another")
    async with world.cared_for():
        await erase_account(world)

        async def forgotten() -> bool:
            return await world.database["uploads"].distinct("_id") == [others]

        await wait_for(forgotten)
    assert unfinished not in await chunks_of(world)
    assert await chunks_of(world) == {others}
