"""What a person typed, looked for in every byte that a stack and its copies keep, and after its erasure."""

import gzip
import subprocess
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import bson
import imageio_ffmpeg
import pytest
from pymongo import AsyncMongoClient
from waiting import wait_for

from infra.drills.rig.operator import tonearm
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack
from tests.system.conftest import running

pytestmark = [pytest.mark.system, pytest.mark.long]

GONE, KEPT = "wolpertinger", "nachtkrapp"
"""Words that no program of ours holds: all that Anna typed has one, all that Bert typed has the other."""


class Owner(Person):
    """A person whose file, tags, titles and chapters have the word in them."""

    def __init__(self, stack: Stack, word: str) -> None:
        super().__init__(stack.url, f"{word}@example.org")
        self.word = word

    async def make_one(self, folder: Path) -> str:
        """Upload a file full of the word, and return its job once all is over."""
        path = book(folder, self.word)
        asked = {"artist": f"{self.word}-artist", "chapters": "split"}
        upload = partial(self._http.put, f"/upload/{path.name}", content=path.read_bytes(), params=asked)
        answer = await self._insist(upload, 202)
        job_id = str(answer.json()["job_id"])

        async def over() -> bool:
            return bool((await self.get(f"/jobs/{job_id}")).json().get("state") == "notified")

        await wait_for(over, 120, f"the job of {self.word} is over")
        return job_id


def book(folder: Path, word: str) -> Path:
    """A recording of two seconds with titles of all kinds; its last chapter has no sound."""
    marks = folder / f"{word}.txt"
    chapters = ((0, 25, "one"), (25, 30, "silent"))
    told = [";FFMETADATA1", f"title={word}-title", f"comment={word}-comment"]
    for start, end, name in chapters:
        told += ["[CHAPTER]", "TIMEBASE=1/10", f"START={start}", f"END={end}", f"title={word}-{name}"]
    marks.write_text("\n".join(told))
    path = folder / f"{word}-file.mkv"
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "sine=duration=2"),
        *("-f", "lavfi", "-i", "color=size=64x48:rate=5:duration=3", "-i", str(marks)),
        *("-map", "0", "-map", "1", "-map_metadata", "2", "-map_chapters", "2"),
        *("-c:v", "mpeg4", "-c:a", "aac", "-metadata:s:a:0", f"title={word}-track", str(path)),
    ]
    subprocess.run(command, check=True)
    return path


def words(contents: Iterator[bytes]) -> set[str]:
    """Which of the two words any of the contents has."""
    return {word for content in contents for word in (GONE, KEPT) if word.encode() in content}


def files(folder: Path) -> Iterator[bytes]:
    """Every file of a folder, unpacked."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


async def stored(stack: Stack) -> set[str]:
    """Which of the words any document of the database has."""
    async with AsyncMongoClient[dict[str, Any]](stack.environment["MONGODB_URL"]) as client:
        database = client.get_default_database()
        documents = [
            bson.encode(document)
            for name in await database.list_collection_names()
            for document in await database[name].find().to_list()
        ]
    return words(iter(documents))


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack that sweeps often."""
    settings = {"SWEEP_INTERVAL_SECONDS": "5", "CONVERTERS": "1"}
    async with running(Stack(tmp_path / "stack", **settings)) as stack:
        yield stack


async def test_what_an_erased_person_typed_is_nowhere_and_what_others_typed_is_still_there(
    stack: Stack, tmp_path: Path
) -> None:
    anna, bert = Owner(stack, GONE), Owner(stack, KEPT)
    for person in (anna, bert):
        await person.register()
        await person.make_one(tmp_path)
    (job,) = (await bert.get("/jobs")).json()["items"]
    assert job["filename"] == f"{KEPT}-file.mkv"
    assert job["options"]["tags"] == {"artist": f"{KEPT}-artist"}
    assert job["audio"]["left_out"] == [f"{KEPT}-silent"]
    media = (await bert.get(f"/jobs/{job['job_id']}/media")).text
    assert all(f"{KEPT}-{what}" in media for what in ("title", "comment", "track", "one", "silent"))

    broker = stack.directory / "rabbitmq"
    assert any(broker.rglob("*.segment"))
    assert words(files(broker)) == set(), "nothing is in the clear, even while it is there"
    assert await stored(stack) == {GONE, KEPT}
    saved, exported = tmp_path / "saved", tmp_path / "log.jsonl"
    await tonearm(stack, "backup", str(saved))
    await tonearm(stack, "replay", "export", str(exported))
    assert (
        words(iter([exported.read_bytes(), gzip.decompress((saved / "log.jsonl.gz").read_bytes())])) == set()
    )
    assert words(files(saved)) == {GONE, KEPT}

    await tonearm(stack, "account", "erase", anna.email, "--yes")

    async def forgotten() -> bool:
        return await stored(stack) == {KEPT}

    await wait_for(forgotten, 60, "no document has it any more")
    await tonearm(stack, "replay", "rebuild", "--yes", "--drop-old")
    await tonearm(stack, "replay", "verify")
    assert await stored(stack) == {KEPT}
    shown = (await tonearm(stack, "replay", "show", "--verbose")).text
    assert words(iter([shown.encode()])) == {KEPT}
    await tonearm(stack, "forget", str(saved))
    assert words(files(saved)) == {KEPT}
    await stack.stop()
    assert words(files(broker)) == set()
    assert words(files(stack.directory / "logs")) == set()

    restored = Stack(tmp_path / "restored", **{**stack.settings, "LOCAL_DIR": str(tmp_path / "restored")})
    restored.directory.mkdir()
    await tonearm(restored, "restore", str(saved))
    async with running(restored):
        bert.move(restored.url)
        await bert.sign_in()
        (again,) = (await bert.get("/jobs")).json()["items"]
        assert again == job

        async def settled() -> bool:
            return await stored(restored) == {KEPT}

        await wait_for(settled, 60, "the restored stack has it no more")
    for person in (anna, bert):
        await person.close()
