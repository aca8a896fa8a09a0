"""The records of imports, in the real database."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from events.ids import new_id
from events.options import Options
from gateway.files.records import Asked, expiry
from gateway.imports.records import ImportRecord, ImportRecords

pytestmark = pytest.mark.servers


def record(account: str) -> ImportRecord:
    wish = Asked(filename="talk.mp4", content_type="video/mp4", options=Options(), given={})
    return ImportRecord(
        id=new_id(),
        account=account,
        expires=expiry(60),
        wish=wish,
        created=datetime.now(UTC),
        name="talk.mp4",
        roles=("user",),
        address=b"sealed",
        validator='"1"',
    )


@pytest.mark.parametrize("gone", ["failed", "expired", "terminated"])
async def test_however_an_import_ends_its_address_is_forgotten(
    database: AsyncDatabase[Any], gone: Any
) -> None:
    records, mine = ImportRecords(database), record("me")
    await records.add(mine)
    assert b"sealed" in str(await database["imports"].find_one({"_id": mine.id})).encode()
    assert (await records.open("me"), await records.open("you")) == (1, 0)
    assert await records.bury(mine.id, gone)
    assert b"sealed" not in str(await database["imports"].find_one({"_id": mine.id})).encode()
    assert await records.open("me") == 0
    assert [each.id for each in await records.listed("me", 9)] == ([] if gone == "terminated" else [mine.id])
    assert not await records.bury(mine.id, "failed")


async def test_a_file_that_comes_anew_shuts_out_who_wrote_to_it_before(database: AsyncDatabase[Any]) -> None:
    records, mine = ImportRecords(database), record("me")
    await records.add(mine)
    written = await records.begin(mine, length=1000, expires=mine.expires)
    assert written is not None
    anew = await records.restart(written)
    assert anew is not None
    assert (anew.offset, anew.length, anew.generation) == (0, None, 1)
    assert await records.commit(written, 500, expires=mine.expires) is None
    noted = await records.note(written, filename="x", content_type="x/y", validator="")
    assert noted is None
    assert await records.restart(written) is None
