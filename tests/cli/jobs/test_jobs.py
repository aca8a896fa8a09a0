import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from events.ids import new_id
from tests.cli.person import FAILED, Person, ids
from tests.terminal import terminal


def unread(line: list[str]) -> subprocess.CompletedProcess[bytes]:
    """Run a program whose standard output nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(line, stdout=writer, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writer)


async def test_jobs_are_listed_newest_first_and_as_the_filters_choose(person: Person, tmp_path: Path) -> None:
    assert "you have no such jobs" in (await person.types("list", code=4))[1]
    flac = await person.uploads("film.mp4?format=flac")
    talk, song = await person.uploads("Talk.mp4"), await person.uploads("so%1Bng.mp4")
    await person.comes_to(song, "failed", FAILED)
    out, _ = await person.types("list")
    assert ids(out) == [song, talk, flac]
    assert "\x1b" not in out
    assert ids((await person.types("list", "-n", "1"))[0]) == [song]
    assert (await person.types("list", "--all"))[0] == out
    for filters, found in (
        (["--state", "failed"], song),
        (["--name", "TALK"], talk),
        (["--family", talk], talk),
        (["--having", "format=flac"], flac),
        (["--until", "now", "--name", "talk"], talk),
        (["--video", hashlib.sha256(b"video").hexdigest().upper(), "--name", "talk"], talk),
    ):
        assert ids((await person.types("list", *filters))[0]) == [found]
    (tmp_path / "of another.mp4").write_bytes(b"song")
    (tmp_path / "same.mp4").write_bytes(b"video")
    assert (await person.types("list", "--video", str(tmp_path / "same.mp4")))[0] == out
    await person.types("list", "--video", str(tmp_path / "of another.mp4"), code=4)
    assert "No such file" in (await person.types("list", "--video", "nowhere.mp4", code=2))[1]
    await person.types("list", "--until", "1h", code=4)
    await person.types("list", "--having", "format=tape", code=2)
    assert (await person.types("count"))[0].split() == ["uploaded", "2", "failed", "1", "all", "3"]
    counted = json.loads((await person.types("count", "--having", "format=flac", "--json"))[0])
    assert (counted["total"], counted["states"]["uploaded"]) == (1, 1)
    assert "'--since': 'soon' is not a time" in (await person.types("list", "--since", "soon", code=2))[1]
    listed = [json.loads(line) for line in (await person.types("list", "--json"))[0].splitlines()]
    assert listed == (await person.http.get("/jobs")).json()["items"]


async def test_a_job_is_shown_with_all_that_happened_to_it_also_by_a_part_of_its_id(person: Person) -> None:
    job_id = await person.uploads("talk.mp4")
    assert "queue    number " in (await person.types("show", job_id))[0]
    await person.comes_to(job_id, "failed", FAILED)
    out, _ = await person.types("show", job_id)
    assert f"job      {job_id}" in out
    assert "state    failed" in out
    assert "error    The video has no audio track. (no_audio)" in out
    assert [each for each in ("job.uploaded", "job.failed") if each not in out] == []
    for part in (job_id[:-1], job_id[:24], job_id[:13], job_id[:8], job_id[:3]):
        assert (await person.types("show", part))[0] == out, part
    then = (await person.job(job_id))["timeline"][0]["offset"]
    assert "state    uploaded" in (await person.types("show", job_id, "--at", str(then)))[0]
    assert json.loads((await person.types("show", job_id, "--json"))[0]) == await person.job(job_id)


async def test_which_job_is_meant_is_never_guessed(person: Person) -> None:
    first, second = sorted([await person.uploads("a.mp4"), await person.uploads("b.mp4")])
    same = (first[:length] for length in range(8, 0, -1) if first[:length] == second[:length])
    both = next(same)  # the last of these eight changes each minute
    _, said = await person.types("show", both, code=2)
    assert f"2 jobs begin with {both}; give more of it: {first}, {second}" in said
    for nobodys in (new_id(), new_id()[:20], "zz", "ffff", "0000"):
        await person.types("show", nobodys, code=4)


async def test_an_account_that_may_not_sign_in_is_told_by_the_exit_code(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONEARM_EMAIL", "nobody@example.com")
    await person.types("list", code=77)


async def test_the_last_ones_are_meant_by_their_place(person: Person) -> None:
    _, said = await person.types("show", "@-1", code=4)
    assert "there is no job @-1: you have 0" in said
    first, second, third = [await person.uploads(f"{name}.mp4") for name in "abc"]
    assert json.loads((await person.types("show", "@-3", "--json"))[0])["job_id"] == first
    out, _ = await person.types("delete", "@-1", "@-2", "@-4", code=4)
    assert out == f"job {third} is deleted\njob {second} is deleted\n", "each as it was when this was typed"
    assert ids((await person.types())[0]) == [first], "without a command's name they are listed"
    await person.types("show", "@-0", code=4)


async def test_the_verbs_are_at_the_top_too_and_print_lines_of_ones_own(person: Person) -> None:
    job_id = await person.uploads("talk.mp4")
    shape = r"{job_id}\t{audio[bytes]:>5}|{filename}"
    for words in (["show", "@-1"], ["jobs", "show", job_id], ["jobs", "--name", "talk"], ["cancel", job_id]):
        out, _ = await person.tonearm(*words, "--format", shape)
        assert out == f"{job_id}\t     |talk.mp4\n"
    await person.tonearm("cancel", "--all", "--format", "{nothing", code=2)


async def test_what_is_no_text_and_a_reader_that_goes_away_end_in_no_traceback(person: Person) -> None:
    await person.uploads("talk.mp4")
    for words in (
        ["jobs", "--name", "\udcff"],
        ["feeds", "create", "\udcff"],
        ["keys", "revoke", "\udcff"],
        ["output", "@-1", "--title", "\udcff"],
        ["presets", "set", "\udcff", "--format", "opus"],
    ):
        assert "no text in UTF-8" in (await person.tonearm(*words, code=2))[1]
    await person.tonearm("show", "", code=4)
    for words in (["show", "@-1"], ["jobs"], ["jobs", "--json"]):
        line = [sys.executable, "-m", "cli.main", *words, "--url", person.site.url]
        ended = await asyncio.to_thread(unread, line)
        assert (ended.returncode, ended.stderr) == (0, b"")


async def test_at_a_terminal_they_are_a_table_that_fits(person: Person) -> None:
    first = await person.uploads("A%20lecture%20on%20the%20history%20of%20magnetic%20tape%1B%5B31m.mp4")

    def shown() -> list[str]:
        with terminal(["jobs", "--url", person.site.url], columns=72) as screen:
            assert screen.end() == 0
        return re.sub(r"\x1b\[\d*m", "", screen.shown).splitlines()

    heading, row = await asyncio.to_thread(shown)
    assert re.fullmatch(r"job +created \(.+\) +state +file", heading)
    assert len(row) <= 72
    assert row.startswith(f"{first[:13]}  2")
    assert row.endswith("A lecture on the history of…")
    assert first in (await person.types("show", row.split()[0]))[0], "what is shown of an id will do"
