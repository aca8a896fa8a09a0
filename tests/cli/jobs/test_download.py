"""`tonearm download` and `output`, against real services."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.cli.person import FAILED, Person

TALK, SONG = os.urandom(70_000), b"sound"


async def converted(person: Person, name: str, data: bytes) -> str:
    job_id = await person.uploads(name)
    await person.site.gateway.convert(job_id, person.account_id, data)
    await person.comes_to(job_id, "converted")
    return job_id


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def test_audio_comes_into_a_folder_and_nothing_is_replaced_or_fetched_twice(
    person: Person, here: Path
) -> None:
    talk, song = await converted(person, "talk.mp4", TALK), await converted(person, "song.mp4", SONG)
    waits = await person.uploads("waits.mp4")
    out, said = await person.tonearm("download", talk, waits, song, code=70)
    assert out.splitlines() == ["talk.mp3  (0:02, 70 kB)", "song.mp3  (0:02, 5 bytes)"]
    assert f"{waits}: the job has no audio: it is uploaded" in said
    assert (here / "talk.mp3").read_bytes() == TALK
    (here / "song.mp3").write_bytes(b"my own")
    told = (await person.tonearm("download", "--all", "--json"))[0].splitlines()
    assert [(each["file"], each["new"]) for each in map(json.loads, told)] == [
        ("song (2).mp3", True),
        ("talk.mp3", False),
    ]
    assert (here / "song.mp3").read_bytes() == b"my own"
    await person.tonearm("download", "@-2", "--force")
    assert (here / "song.mp3").read_bytes() == SONG
    await person.tonearm("download", "--name", "talk", "-o", "new/folder")
    assert sorted(path.name for path in here.iterdir()) == ["new", "song (2).mp3", "song.mp3", "talk.mp3"]
    assert [path.name for path in (here / "new" / "folder").iterdir()] == ["talk.mp3"]
    assert (await person.tonearm("download", talk, song, "--zip"))[0].startswith("tonearm.zip (3 files")


async def test_one_goes_into_a_file_that_is_named_or_to_standard_output(person: Person, here: Path) -> None:
    await converted(person, "song.mp4", SONG)
    await person.tonearm("download", "@-1", "-o", "mine.mp3")
    await person.tonearm("download", "@-1", "-o", "mine.mp3")
    (here / "mine.mp3").write_bytes(b"my own")
    _, said = await person.tonearm("download", "@-1", "-o", "mine.mp3", code=73)
    assert "mine.mp3: another file is there: --force replaces it" in said
    os.mkfifo("pipe.mp3")
    _, said = await person.tonearm("download", "@-1", "-o", "pipe.mp3", "--force", code=73)
    assert "pipe.mp3: not a file; -o - is standard output" in said
    assert (here / "mine.mp3").read_bytes() == b"my own"
    assert (await person.tonearm("download", "@-1", "-o", "-"))[0] == SONG.decode()


async def test_what_cannot_be_is_refused_with_the_reason(person: Person, here: Path) -> None:
    await person.tonearm("download", "--all", code=4)
    waits = await person.uploads("waits.mp4")
    await person.comes_to(waits, "failed", FAILED)
    await person.tonearm("download", waits, code=70)
    _, said = await person.tonearm("download", "--all", "-o", "a.mp3", code=2)
    assert "a.mp3 is the name of one file" in said
    assert list(here.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such names")
async def test_a_name_that_somebody_sent_stays_in_the_folder_and_off_the_terminal(
    person: Person, here: Path
) -> None:
    await converted(person, "..%2F%1B%5D0;x%07.mp4", SONG)
    out, said = await person.tonearm("download", "@-1")
    assert not {"\x1b", "\x07"} & set(out + said)
    [file] = here.iterdir()
    assert file.read_bytes() == SONG


async def test_another_audio_is_made_of_the_same_video(person: Person) -> None:
    first = await converted(person, "talk.mp4", TALK)
    out, _ = await person.tonearm("output", "@-1", "--format", "opus", "--end", "0:30", "--json")
    made = await person.job(json.loads(out)["job_id"])
    assert (made["family"], made["options"]["format"], made["options"]["end"]) == (first, "opus", 30)
    assert "say what the audio should be" in (await person.tonearm("output", "@-1", code=2))[1]
    await person.tonearm("output", first, "--format", "tape", code=2)
    assert "loudness" in (await person.tonearm("output", first, "-O", "loudnes=-16", code=2))[1]
