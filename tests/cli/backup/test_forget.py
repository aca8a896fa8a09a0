"""`tonearm forget`: a backup of before has nothing any more of what was erased after it was taken."""

import asyncio
import gzip
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from making import event, uploaded
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase
from uuid_utils import uuid4

from cli.backup.folder import LOG, MANIFEST
from cli.backup.restore import fill
from events.envelope import account_event, consequence
from events.log import amqp, topology
from events.log.publisher import Publisher
from events.privacy.job_keys import COLLECTION, JobKeys
from events.types import (
    AccountErased,
    DeletionReason,
    JobAudioRemoved,
    JobDeleted,
    JobErased,
    JobTranscriptRemoved,
)
from infra.drills.rig.operator import tonearm
from infra.drills.rig.snapshot import read_log
from infra.local.servers.mongodb import MongoDB
from service.blobs import Blob
from service.mongodb import connect
from tests.cli.backup.test_backup import Operated, everything

pytestmark = pytest.mark.servers

GONE, KEPT = "canary of Anna", "canary of Bert"
"""Names of files; the bytes of each file and the address of its owner hold it as well."""


def stored(blob: str, job: str, account: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The documents of a stored file."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    whose = {"filename": name, "job_id": job, "account": account}
    file = Blob(id=blob, bytes=len(name), chunk_size=100, uploaded=now, **whose)
    return file.document(), {"_id": f"{blob}/0", "files_id": blob, "n": 0, "data": name.encode()}


@pytest.fixture
async def operated(broker: Broker, database: AsyncDatabase, mongodb_url: str, tmp_path: Path) -> Operated:
    """Two accounts with a job each, and a third job whose video another one of its family shares.

    The second job's audio is removed later, and the job is kept. So is a fourth, which loses a transcript.
    """
    keys = JobKeys(database)
    await topology.declare(broker.url)
    async with Publisher(broker.url, name="test", keys=keys) as publisher:
        for job, account, name in (("j1", "a1", GONE), ("j2", "a2", KEPT), ("j3", "a2", GONE)):
            await publisher.publish(replace(uploaded(job, name), account=account))
    for bucket, blob, job, account, name in (
        ("videos", "v1", "j1", "a1", GONE),
        ("audio", "s1", "j1", "a1", GONE),
        ("videos", "v2", "j2", "a2", KEPT),
        ("videos", "v3", "j3", "a2", KEPT),
        ("audio", "s2", "j2", "a2", GONE),
        ("transcripts", "t1", "j1", "a1", GONE),
        ("transcripts", "t2", "j2", "a2", KEPT),
        ("transcripts", "t4", "j4", "a2", GONE),
        ("transcripts", "t5", "j4", "a2", KEPT),
    ):
        file, chunk = stored(blob, job, account, name)
        await database[f"{bucket}.files"].insert_one(file)
        await database[f"{bucket}.chunks"].insert_one(chunk)
    await database["users"].insert_many([{"_id": "a1", "email": GONE}, {"_id": "a2", "email": KEPT}])
    await database["presets"].insert_many([{"_id": "a1", "title": GONE}, {"_id": "a2", "title": KEPT}])
    urls = {"RABBITMQ_URL": broker.url, "STREAM_URL": broker.stream_url, "MONGODB_URL": mongodb_url}
    return Operated(urls | {"LOCAL_DIR": str(tmp_path / "local")})


async def erase(broker: Broker, database: AsyncDatabase) -> None:
    """Erase an account with its job, and a job whose video is still needed."""
    await JobKeys(database).destroy(["j1", "j3"])
    for bucket, blob in (
        ("videos", "v1"),
        ("audio", "s1"),
        ("audio", "s2"),
        ("transcripts", "t1"),
        ("transcripts", "t4"),
    ):
        await database[f"{bucket}.files"].delete_one({"_id": blob})
        await database[f"{bucket}.chunks"].delete_many({"files_id": blob})
    for name in ("users", "presets"):
        await database[name].delete_one({"_id": "a1"})
    async with Publisher(broker.url, name="test") as publisher:
        removed = event(JobAudioRemoved(run=1, reason=DeletionReason.EXPIRED, sha256=""), "j2")
        gone = consequence(removed, JobErased(about=removed.type, videos=0, audio=1), source="/tests")
        unsaid = event(JobTranscriptRemoved(transcript_id="t4"), "j4")
        for told in (event(JobDeleted(reason=DeletionReason.USER), "j3"), removed, gone, unsaid):
            await publisher.publish(told)
        await publisher.publish(account_event(AccountErased(reason="asked"), account="a1", source="/tests"))


def held(folder: Path) -> set[str]:
    """The names of which any file of the folder has the bytes."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    contents.append(gzip.decompress((folder / LOG).read_bytes()))
    return {name for name in (GONE, KEPT) if any(name.encode() in content for content in contents)}


async def test_what_was_erased_is_in_no_byte_of_the_backup_and_all_else_is_restored(
    operated: Operated,
    broker: Broker,
    database: AsyncDatabase,
    mongodb: MongoDB,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = tmp_path / "saved"
    await tonearm(operated, "backup", str(saved))
    assert held(saved) == {GONE, KEPT}
    keys = {each["_id"]: each["key"] for each in await database[COLLECTION].find().to_list()}
    await erase(broker, database)

    said = await tonearm(operated, "forget", str(saved))

    assert said.last.endswith("14 documents forgotten; 2 jobs and 1 accounts are erased")
    assert held(saved) == {KEPT}
    saved_keys = (saved / "database" / f"{COLLECTION}.bson").read_bytes()
    assert [job for job, key in sorted(keys.items()) if key in saved_keys] == ["j2"]
    said = await tonearm(operated, "forget", str(saved))
    assert "0 documents forgotten" in said.last

    elsewhere = {"MONGODB_URL": mongodb.url_of(f"test-{uuid4()}"), "LOCAL_DIR": str(tmp_path / "new")}
    for name, value in (operated.settings | elsewhere).items():
        monkeypatch.setenv(name, value)
    async with amqp.connected(broker.url, name="test") as connection:
        await (await connection.channel()).call("queue_delete", queue=topology.STREAM)
    await asyncio.to_thread(fill, saved)
    async with connect(elsewhere["MONGODB_URL"]) as client:
        there = client.get_default_database()
        before, after = await everything(database), await everything(there)
        assert {name: after.get(name, []) for name in before if name != COLLECTION} == {
            name: documents for name, documents in before.items() if name != COLLECTION
        }
        opened = [each.event for each in await JobKeys(there).opened(await read_log(broker.stream_url))]
        assert [event.payload().filename for event in opened[:3]] == ["", KEPT, ""]  # type: ignore[union-attr]
        assert [(event.type, event.subject) for event in opened[3:]] == [
            (JobDeleted.TYPE, "j3"),
            (JobAudioRemoved.TYPE, "j2"),
            (JobErased.TYPE, "j2"),
            (JobTranscriptRemoved.TYPE, "j4"),
            (AccountErased.TYPE, "a1"),
        ]


async def test_what_was_broken_off_is_finished_or_begun_again(
    operated: Operated, broker: Broker, database: AsyncDatabase, tmp_path: Path
) -> None:
    saved, whole = tmp_path / "saved", tmp_path / "whole"
    await tonearm(operated, "backup", str(saved))
    await erase(broker, database)
    shutil.copytree(saved, whole)
    await tonearm(operated, "forget", str(whole))
    wanted = {path.relative_to(whole): path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    for manifest in (saved / MANIFEST, whole / MANIFEST):
        killed = tmp_path / f"killed-{manifest.parent.name}"
        shutil.copytree(saved, killed)
        for path in whole.rglob("*.bson"):
            new = killed / "database" / path.with_suffix(".forgetful").name
            if path.read_bytes() != (killed / "database" / path.name).read_bytes():
                new.write_bytes(path.read_bytes())
        shutil.copy2(manifest, killed / MANIFEST)

        await tonearm(operated, "forget", str(killed))

        assert {p.relative_to(killed): p.read_bytes() for p in killed.rglob("*") if p.is_file()} == wanted


async def test_a_damaged_backup_is_left_alone(
    operated: Operated, broker: Broker, database: AsyncDatabase, tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    await tonearm(operated, "backup", str(saved))
    await erase(broker, database)
    users = saved / "database" / "users.bson"
    damaged = users.read_bytes().replace(b"Bert", b"Cert")
    users.write_bytes(damaged)
    said = await tonearm(operated, "forget", str(saved), good=(65,))
    assert "users.bson" in said.text
    assert users.read_bytes() == damaged
