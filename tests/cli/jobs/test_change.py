import json

from events.ids import new_id
from tests.cli.person import FAILED, Person, ids


async def test_jobs_are_cancelled_by_id_or_all_that_a_filter_chooses(person: Person) -> None:
    jobs = [await person.uploads(f"{name}.mp4") for name in ("talk", "song", "film")]
    talk, song, film = jobs
    out, _ = await person.types("cancel", talk[:-1], talk)
    assert out == f"job {talk} is cancelled\n" * 2, "to cancel twice is no fault"
    assert [(await person.job(job))["state"] for job in jobs] == ["cancelled", "uploaded", "uploaded"]
    assert (await person.types("cancel", "--name", "song"))[0] == f"job {song} is cancelled\n"
    answer = json.loads((await person.types("cancel", "--all", "--json"))[0])
    assert answer == {"job_ids": [film], "refused": []}
    await person.types("cancel", "--all", code=4)


async def test_a_job_that_is_over_is_in_the_way_of_no_other(person: Person) -> None:
    over, waits = await person.uploads("over.mp4"), await person.uploads("waits.mp4")
    await person.comes_to(over, "failed", FAILED)
    out, said = await person.types("cancel", new_id(), over, waits, code=4)
    assert out == f"job {waits} is cancelled\n"
    assert f"tonearm jobs cancel: {over}: the job is over: it failed" in said
    await person.types("cancel", over, code=70)


async def test_jobs_are_converted_once_more_also_with_other_options(person: Person) -> None:
    first, second = await person.uploads("first.mp4"), await person.uploads("second.mp4")
    await person.comes_to(first, "failed", FAILED)
    await person.types("retry", second, code=70)
    assert (await person.types("retry", first))[0] == f"job {first} waits for a converter\n"
    assert (await person.job(first))["run"] == 2
    await person.types("cancel", "--all")
    again = json.loads((await person.types("retry", first, "-O", "format=opus", "--json"))[0])
    assert again["job_id"] != first
    assert (again["family"], again["options"]["format"]) == (first, "opus")
    await person.types("retry", first, "-O", "format=tape", code=2)
    out, _ = await person.types("retry", "--state", "cancelled")
    assert set(ids(out, 1)) == {first, second}
    await person.types("retry", "--all", code=4)


async def test_jobs_are_deleted_for_good_and_leave_a_receipt(person: Person) -> None:
    jobs = [await person.uploads(f"{name}.mp4") for name in ("talk", "song", "film")]
    talk, song, film = jobs
    assert (await person.types("delete", talk))[0] == f"job {talk} is deleted\n"
    out, said = await person.types("delete", "--name", "song")
    assert (ids(out), "dry run" in said) == ([song], True)
    assert json.loads((await person.types("delete", "--name", "song", "--json"))[0])["state"] == "uploaded"
    out, _ = await person.types("delete", "--name", "song", "--yes", "--json")
    assert json.loads(out) == {"job_id": song}
    assert ids((await person.types("list"))[0]) == [film]
    for word in (talk, talk[:-1]):
        shown, _ = await person.types("show", word, code=4)
        assert f"job      {talk}\ndeleted  " in shown
        assert "reason   user" in shown
    receipt = json.loads((await person.types("show", song, "--json", code=4))[0])
    assert len(receipt["video_sha256"]) == 64
    await person.types("delete", talk, code=4)
    await person.types("delete", "--all", "--yes")
    await person.types("list", code=4)


async def test_which_jobs_are_meant_has_to_be_said(person: Person) -> None:
    job_id = await person.uploads("talk.mp4")
    for deed in ("cancel", "retry", "delete"):
        for words in ([], [job_id, "--all"], [job_id, "--name", "talk"]):
            assert "say which jobs" in (await person.types(deed, *words, code=2))[1]
        for words in (["--name", ""], ["--family", ""], ["--video", ""], ["--having", "include=timeline"]):
            await person.types(deed, *words, *(["--yes"] if deed == "delete" else []), code=2)
    assert (await person.job(job_id))["state"] == "uploaded"
