"""The checker has good eyes: what is planted in the real broker, database and mailbox is seen."""

from collections.abc import AsyncIterator

import pytest
from bson import Binary, ObjectId
from msgspec.structs import replace
from pymongo import AsyncMongoClient

from events.log import amqp, topology
from events.views.documents import pack
from infra.drills.rig import snapshot
from infra.drills.rig.checker import check
from infra.drills.rig.clips import Clips
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack

pytestmark = pytest.mark.system


@pytest.fixture
async def person(stack: Stack) -> AsyncIterator[Person]:
    someone = Person(stack.url, "observer@example.org")
    await someone.register()
    yield someone
    await someone.close()


@pytest.mark.long
async def test_faults_planted_in_a_whole_stack_are_found(stack: Stack, person: Person, clips: Clips):
    await person.convert(clips.tone(2, 880))
    (upload,) = person.history
    before = await snapshot.take(stack, person.history)
    known = set(check(before))  # what other tests did in this stack: jobs of others, orphans not swept yet
    assert not [sentence for sentence in known if upload.job_id in sentence]

    view = before.views[upload.job_id]
    async with AsyncMongoClient(stack.environment["MONGODB_URL"]) as client:
        database = client.get_default_database()
        await database["audio.chunks"].update_one(
            {"files_id": view.audio.audio_id, "n": 0}, {"$set": {"data": Binary(b"other sound")}}
        )
        await database["videos.chunks"].insert_one(
            {"_id": ObjectId(), "files_id": "nobody's", "n": 0, "data": Binary(b"left")}
        )
        await database["jobs_v1"].replace_one({"_id": upload.job_id}, pack(replace(view, attempt=7)))
    async with amqp.connected(stack.environment["RABBITMQ_URL"], name="test") as connection:
        channel = await connection.channel(confirms=True)
        await channel.publish("", topology.parked(topology.MP3), b"planted", {}, "test")
    newest = max(stack.mailbox.glob("[0-9]*.eml"))
    newest.rename(newest.with_suffix(".gone"))

    found = set(check(await snapshot.take(stack, person.history))) - known
    assert f"job {upload.job_id}: its audio is missing or damaged" in found
    assert f"job {upload.job_id}: the stored view is not the fold of its events" in found
    assert f"job {upload.job_id}: 0 different mails tell of its end" in found
    assert "1 messages are left in mp3.parked" in found
    assert any("chunks belong to no file" in sentence for sentence in found)
