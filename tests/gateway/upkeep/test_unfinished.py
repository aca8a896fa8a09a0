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
from tests.gateway.upkeep.world import ACCOUNT, World

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
