"""`tonearm transcripts`, against real services."""

import json
from pathlib import Path

from msgspec.structs import replace

from service.transcripts.reading import read
from tests.cli.person import Person
from tests.gateway.running import STARTED, converted

OWN = """WEBVTT

00:00.100 --> 00:00.500
<v Ada>Hello \x1b[31m&lt;b&gt;

00:00.600 --> 00:01.200
<v Ada>Good bye
"""


async def heard(person: Person) -> str:
    job_id = await person.uploads("talk.mp4")
    end = replace(converted("audio", b"audio"), silence_cut=0.0)
    await person.comes_to(job_id, "converted", STARTED, end)
    return job_id


async def test_a_transcript_is_given_listed_printed_saved_and_deleted(person: Person, tmp_path: Path) -> None:
    job_id, own, saved = await heard(person), tmp_path / "own.txt", tmp_path / "saved.srt"
    own.write_text(OWN)
    _, said = await person.tonearm("transcripts", "list", job_id, code=4)
    assert "no transcripts" in said
    out, _ = await person.tonearm("transcripts", "add", job_id, str(own), "--language", "en")
    transcript_id = out.split()[1]
    assert out == f"transcript {transcript_id} has 2 lines\n"
    out, _ = await person.tonearm("transcripts", "list", job_id[:30])
    assert out == f"{transcript_id}  2 lines  en, yours\n"
    told = json.loads((await person.tonearm("transcripts", "list", job_id, "--json"))[0])
    assert told["transcript_id"] == transcript_id
    assert (await person.tonearm("transcripts", "show", job_id))[0] == "Ada:\nHello [31m<b>\nGood bye\n"
    assert (await person.tonearm("transcripts", "show", job_id, "--form", "vtt"))[0].startswith("WEBVTT\n")
    assert "Hello" in (await person.tonearm("transcripts", "show", job_id, "-o", "-"))[0]
    await person.tonearm("transcripts", "show", job_id, transcript_id[:30], "-o", str(saved))
    assert len(read(saved.read_bytes())) == 2
    _, said = await person.tonearm("transcripts", "show", job_id, "-o", str(tmp_path / "saved.doc"), code=2)
    assert ".srt" in said
    out, _ = await person.tonearm("transcripts", "delete", job_id, transcript_id)
    assert transcript_id in out
    await person.tonearm("transcripts", "show", job_id, code=4)


async def test_what_is_none_is_refused_with_the_reason(person: Person, tmp_path: Path) -> None:
    job_id, file = await heard(person), tmp_path / "a.srt"
    file.write_text("nothing")
    _, said = await person.tonearm("transcripts", "add", job_id, str(file), code=65)
    assert "neither WebVTT" in said
    file.write_bytes(b"x" * (1 << 21))
    _, said = await person.tonearm("transcripts", "add", job_id, str(file), code=65)
    assert "bytes at most" in said
    _, said = await person.tonearm("transcripts", "add", job_id, str(tmp_path / "missing"), code=73)
    assert "No such file" in said


async def test_jobs_are_listed_by_what_they_say_and_deleted_by_their_names_alone(
    person: Person, tmp_path: Path
) -> None:
    job_id, own = await heard(person), tmp_path / "own.vtt"
    own.write_text(OWN)
    await person.tonearm("transcripts", "add", job_id, str(own))
    assert job_id in (await person.types("list", "--name", "good BYE"))[0]
    await person.types("delete", "--name", "good bye", "--yes", code=4)
    assert job_id in (await person.types("delete", "--name", "TALK"))[0]
