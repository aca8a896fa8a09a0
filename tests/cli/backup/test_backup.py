"""`tonearm backup` and `restore`: what servers at work hold is what empty ones hold afterwards."""

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from broker import Broker
from making import event, uploaded
from pymongo.asynchronous.database import AsyncDatabase
from uuid_utils import uuid4

from cli.backup import collections
from cli.backup.backup import save
from cli.backup.collections import BackupDamaged
from cli.backup.folder import ERASURES, LOG, BackupRefused
from cli.backup.restore import fill
from cli.errors import FileDamaged
from events.envelope import consequence
from events.log import amqp, topology
from events.log.publisher import Publisher
from events.types import DeletionReason, JobDeleted, JobErased
from infra.drills.rig.operator import tonearm
from infra.drills.rig.snapshot import read_log
from infra.local.servers.mongodb import MongoDB
from service.mongodb import connect

pytestmark = pytest.mark.servers

FILES = [{"_id": f"{number:03}", "length": 3, "chunkSize": 2} for number in range(101)]
"""More than are asked for at once."""
KEPT: dict[str, list[dict[str, Any]]] = {
    "accounts": [{"_id": "a1", "email": "someone@example.org"}],
    "audio.files": FILES,
    "audio.chunks": [
        {"_id": f"{file['_id']}/{n}", "files_id": file["_id"], "n": n, "data": b"so"[n:]}
        for file in FILES
        for n in (0, 1)
    ],
}
LEFT_OUT: dict[str, list[dict[str, Any]]] = {
    "audio.chunks": [{"_id": "gone/0", "files_id": "gone", "n": 0, "data": b"x"}],
    "audio.pending": [{"_id": "gone"}],
    "jobs_v1": [{"_id": "j1"}],
}


class Operated(NamedTuple):
    """Servers as an operator's commands find them."""

    settings: dict[str, str]


async def everything(database: AsyncDatabase) -> dict[str, list[dict[str, Any]]]:
    names = await database.list_collection_names()
    return {name: await database[name].find().sort("_id").to_list() for name in sorted(names)}


async def test_empty_servers_are_filled_from_what_was_saved_and_no_others(
    broker: Broker,
    database: AsyncDatabase,
    mongodb: MongoDB,
    mongodb_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = [uploaded("j1"), uploaded("j2")]
    await topology.declare(broker.url)
    async with Publisher(broker.url, name="test") as publisher:
        for event in told:
            await publisher.publish(event)
    for documents_by_name in (KEPT, LEFT_OUT):
        for name, documents in documents_by_name.items():
            await database[name].insert_many(documents)
    key = tmp_path / "old" / "auth" / "signing-key.pem"
    key.parent.mkdir(parents=True)
    key.write_text("a key")
    key.chmod(0o600)
    saved = tmp_path / "saved"
    saved.mkdir(mode=0o755)
    urls = {"RABBITMQ_URL": broker.url, "STREAM_URL": broker.stream_url, "MONGODB_URL": mongodb_url}

    await tonearm(Operated(urls | {"LOCAL_DIR": str(tmp_path / "old")}), "backup", str(saved))

    assert {path.stat().st_mode & 0o077 for path in saved.rglob("*")} == {0}, "for its owner only"
    with pytest.raises(BackupRefused, match="is not empty"):
        save(saved)

    elsewhere = {"MONGODB_URL": mongodb.url_of(f"test-{uuid4()}"), "LOCAL_DIR": str(tmp_path / "new")}
    for name, value in (urls | elsewhere).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BackupRefused, match="log is not empty"):
        await asyncio.to_thread(fill, saved)
    async with amqp.connected(broker.url, name="test") as connection:
        await (await connection.channel()).call("queue_delete", queue=topology.STREAM)
    for name, error in ((LOG, FileDamaged), ("database/accounts.bson", BackupDamaged)):
        whole = (saved / name).read_bytes()
        (saved / name).write_bytes(whole[:-3] + b"xyz")
        with pytest.raises(error):
            await asyncio.to_thread(fill, saved)
        (saved / name).write_bytes(whole)

    await asyncio.to_thread(fill, saved)

    async with connect(elsewhere["MONGODB_URL"]) as client:
        assert await everything(client.get_default_database()) == {
            name: sorted(documents, key=lambda document: document["_id"]) for name, documents in KEPT.items()
        }
    assert [each.event.id for each in await read_log(broker.stream_url)] == [event.id for event in told]
    assert (tmp_path / "new" / "auth" / "signing-key.pem").read_text() == "a key"


async def test_what_is_deleted_while_a_backup_is_made_stays_deleted(
    broker: Broker,
    database: AsyncDatabase,
    mongodb: MongoDB,
    mongodb_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The log was saved before. Without its deletion the job would be there again, and its audio not."""
    deletion = event(JobDeleted(reason=DeletionReason.USER), "j1")
    erasure = consequence(deletion, JobErased(about=JobDeleted.TYPE, videos=1, audio=0), source="/tests")
    await topology.declare(broker.url)
    async with Publisher(broker.url, name="test") as publisher:
        await publisher.publish(uploaded("j1"))
        await database["presets"].insert_one({"_id": "a1"})
        save_one, here = collections.save, asyncio.get_running_loop()

        async def saved_late(*arguments: Any) -> collections.Saved:
            for told in (uploaded("j2"), deletion, erasure):
                publishing = asyncio.run_coroutine_threadsafe(publisher.publish(told), here)
                await asyncio.wrap_future(publishing)
            return await save_one(*arguments)

        monkeypatch.setattr(collections, "save", saved_late)
        urls = {"RABBITMQ_URL": broker.url, "STREAM_URL": broker.stream_url, "MONGODB_URL": mongodb_url}
        for name, value in (urls | {"LOCAL_DIR": str(tmp_path / "old")}).items():
            monkeypatch.setenv(name, value)
        await asyncio.to_thread(save, tmp_path / "saved")
    async with amqp.connected(broker.url, name="test") as connection:
        await (await connection.channel()).call("queue_delete", queue=topology.STREAM)
    monkeypatch.setenv("MONGODB_URL", mongodb.url_of(f"test-{uuid4()}"))
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "new"))
    later = tmp_path / "saved" / ERASURES
    whole = later.read_bytes()
    later.write_bytes(whole[:-3])
    with pytest.raises(BackupDamaged):
        await asyncio.to_thread(fill, tmp_path / "saved")
    later.write_bytes(whole)
    await asyncio.to_thread(fill, tmp_path / "saved")
    told = [each.event.id for each in await read_log(broker.stream_url)]
    # Not that it is erased: what was saved of it is still to go.
    assert told == [uploaded("j1").id, deletion.id]


def test_a_backup_that_was_broken_off_is_none(tmp_path: Path) -> None:
    (tmp_path / LOG).touch()
    with pytest.raises(BackupDamaged, match="no finished backup"):
        fill(tmp_path)
