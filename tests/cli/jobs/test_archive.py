"""`tonearm jobs zip`, against real services."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.person import FAILED, Person

AUDIO = {"talk.mp4": os.urandom(70_000), "song.mp4": b"sound"}


@pytest.fixture
async def jobs(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Jobs with audio by the names of their videos; commands are typed in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    found = {}
    for name, data in AUDIO.items():
        found[name] = await person.uploads(name)
        await person.site.gateway.convert(found[name], person.account_id, data)
        await person.comes_to(found[name], "converted")
    return found


def held(path: str) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_the_audio_of_several_comes_as_one_zip(person: Person, jobs: dict[str, str]) -> None:
    waits = await person.uploads("waits.mp4")
    out, _ = await person.types("zip", "--all")
    assert out.startswith("tonearm.zip (3 files, 70 kB)")
    found = held("tonearm.zip")
    assert list(found) == ["song.mp3", "talk.mp3", "playlist.m3u8"]
    assert found["talk.mp3"] == AUDIO["talk.mp4"]
    assert "it is there already" in (await person.types("zip", "--all", code=73))[1]
    out, said = await person.types("zip", waits, jobs["talk.mp4"], "-o", "two.zip", "--json", code=70)
    assert json.loads(out)["files"] == 2
    assert f"{waits}: the audio is not ready yet" in said
    assert list(held("two.zip")) == ["talk.mp3", "playlist.m3u8"]
    await person.types("zip", "--name", "song", "--force")
    assert list(held("tonearm.zip")) == ["song.mp3", "playlist.m3u8"]
    assert sorted(path.name for path in Path().iterdir()) == ["tonearm.zip", "two.zip"]


async def test_what_cannot_be_had_is_said(person: Person, jobs: dict[str, str]) -> None:
    assert "say which jobs" in (await person.types("zip", code=2))[1]
    await person.types("zip", "--name", "nothing like it", code=4)
    waits = await person.uploads("waits.mp4")
    await person.types("zip", waits, code=70)
    await person.comes_to(waits, "failed", FAILED)
    await person.types("zip", waits, code=70)
    await person.types("zip", "--all", "-o", "no folder/a.zip", code=73)
    assert list(Path().iterdir()) == []


async def test_a_download_that_was_broken_off_goes_on(
    person: Person, jobs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import cli.client.download as downloads

    asked: list[Any] = []
    fetch = downloads._fetch

    def noting(gateway: Any, path: str, file: Any, *rest: Any) -> None:
        asked.append(file.tell())
        fetch(gateway, path, file, *rest)

    monkeypatch.setattr(downloads, "_fetch", noting)
    await person.types("zip", "--all")
    whole = Path("tonearm.zip").read_bytes()
    archive = json.loads((await person.types("zip", "--all", "--force", "--json"))[0])
    part = Path(f".{archive['archive_id']}.part")
    part.write_bytes(whole[:30_000])
    await person.types("zip", "--all", "--force")
    assert asked == [0, 0, 30_000]
    assert Path("tonearm.zip").read_bytes() == whole
    part.write_bytes(b"?" * 30_000)
    assert "damaged" in (await person.types("zip", "--all", "--force", code=1))[1]
    assert (part.exists(), Path("tonearm.zip").read_bytes() == whole) == (False, True)

    late = Path("late.zip")
    monkeypatch.setattr(downloads, "_is_sound", lambda _: bool(late.write_bytes(b"of another command")))
    assert "has come there meanwhile" in (await person.types("zip", "--all", "-o", "late.zip", code=73))[1]
    assert late.read_bytes() == b"of another command"
