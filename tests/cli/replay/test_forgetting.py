"""What a person typed: commands read it while the key of its job is there, and never again after that.

The names hold the word that `canaries` looks for in the files of every stream.
"""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from making import event, uploaded

from events.log import topology
from events.log.publisher import Publisher
from events.privacy.job_keys import JobKeys
from events.types import DeletionReason, JobDeleted
from events.views.store import JobViews
from service.mongodb import connect
from tests.cli.replay.conftest import Replay

pytestmark = pytest.mark.servers

GONE, KEPT = "canary of Anna.mp4", "canary of Bert.mp4"


@pytest.fixture
async def keys(replay: Replay) -> AsyncIterator[JobKeys]:
    """The keys of two jobs whose uploads are in the log."""
    async with connect(replay.mongodb_url) as client:
        keys = JobKeys(client.get_default_database())
        await topology.declare(replay.broker.url)
        async with Publisher(replay.broker.url, name="test", keys=keys) as publisher:
            await publisher.publish(uploaded("job-1", GONE))
            await publisher.publish(uploaded("job-2", KEPT))
        yield keys


async def test_commands_show_what_people_typed_as_far_as_there_are_keys(
    replay: Replay, keys: JobKeys
) -> None:
    shown = await replay("show")
    assert GONE in shown.lines[0]
    assert KEPT in shown.lines[1]
    assert GONE in (await replay("state", "--job", "job-1")).out
    assert [
        line["event"]["data"]["filename"] for line in (await replay("show", "--format", "jsonl")).json
    ] == [
        GONE,
        KEPT,
    ]
    assert "canary" not in (await replay("show", "--format", "raw")).out, "as it is in the log"

    replay.settings["MONGODB_URL"] = ""
    blind = await replay("show")
    assert "canary" not in blind.out
    assert blind.err.count("what people typed stays sealed: MONGODB_URL is not set") == 1


async def test_no_command_brings_back_what_is_forgotten(
    replay: Replay, keys: JobKeys, tmp_path: Path
) -> None:
    assert (await replay("rebuild", "--yes")).code == 0
    assert (await replay("verify")).code == 0
    assert await names(replay) == {"job-1": GONE, "job-2": KEPT}
    exported = tmp_path / "log.jsonl.gz"
    assert (await replay("export", str(exported))).code == 0

    await keys.destroy(["job-1"])
    await replay.publish(event(JobDeleted(reason=DeletionReason.USER), "job-1"))

    async def brings_back_nothing() -> None:
        assert (await replay("rebuild", "--yes", "--drop-old")).code == 0
        assert (await replay("verify")).code == 0
        assert await names(replay) == {"job-1": "", "job-2": KEPT}
        for command in (("show",), ("state", "--job", "job-1"), ("diff", "--job", "job-1")):
            assert GONE not in (await replay(*command)).out

    await brings_back_nothing()
    assert b"canary" not in gzip.decompress(exported.read_bytes())
    await replay.lose_log()
    assert (await replay("import", str(exported), "--yes")).code == 0
    await replay.publish(event(JobDeleted(reason=DeletionReason.USER), "job-1"))
    async with connect(replay.mongodb_url) as client:
        for name in await client.get_default_database().list_collection_names():
            if name.startswith(("jobs_v", "projections")):
                await client.get_default_database().drop_collection(name)
    await brings_back_nothing()


async def names(replay: Replay) -> dict[str, str]:
    """The names in the live views."""
    async with connect(replay.mongodb_url) as client:
        live = await JobViews(client.get_default_database()).live()
        return {view.job_id: view.filename async for view in live.all()}
