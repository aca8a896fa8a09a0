"""The list of one's jobs: what it can be asked for, and what it leaves out."""

import hashlib
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from events.ids import new_id
from tests.gateway.running import FAILED, STARTED, Gateway


async def test_a_list_can_be_asked_for_by_name_time_family_and_state(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        names = ("Talk one.mp4", "Talk two.mp4", "Übung.mp4")
        ids = [(await client.put(f"/upload/{name}", content=b"v")).json()["job_id"] for name in names]
        again = (await client.post(f"/jobs/{ids[0]}/outputs?format=flac")).json()["job_id"]
        await gateway.tell(ids[1], account, STARTED, FAILED)
        async with client.stream("GET", f"/jobs/{ids[1]}/events") as stream:
            async for line in stream.aiter_lines():
                if line == "event: job.failed":
                    break

        async def found(query: str) -> list[str]:
            answer = await client.get(f"/jobs?{query}")
            assert answer.status_code == 200, answer.text
            return [each["job_id"] for each in answer.json()["items"]]

        assert await found("q=talk") == [again, ids[1], ids[0]]
        assert await found("q=%C3%BCB") == [ids[2]]
        assert await found("q=nothing+of+mine") == []
        assert await found(f"family={ids[0]}") == [again, ids[0]]
        assert await found(f"family={ids[0]}&q=talk&state=uploaded&limit=1") == [again]
        assert await found("state=failed&q=TALK") == [ids[1]]
        assert await found("format=FLAC") == [again]
        assert await found("format=mp3&channels=keep&q=talk") == [ids[1], ids[0]]
        assert await found("format=flac&channels=mono") == []
        created = (await client.get(f"/jobs/{ids[1]}")).json()["created"]
        later = datetime.fromisoformat(created) + timedelta(microseconds=1)
        assert await found(f"since={quote(created)}") == [again, ids[2], ids[1]]
        assert await found(f"until={quote(created)}") == [ids[0]]
        assert await found(f"since={quote(created)}&until={quote(later.isoformat())}") == [ids[1]]
        assert await found("q=talk&cursor=") == [again, ids[1], ids[0]]


async def test_jobs_of_a_video_are_found_by_its_hash_also_where_it_was_uploaded_again(
    gateway: Gateway, account: str
) -> None:
    video, sha256 = b"talk", hashlib.sha256(b"talk").hexdigest()
    async with gateway.as_(account) as client:
        ids = [
            (await client.put(f"/upload/{n}.mp4", content=content)).json()["job_id"]
            for n, content in enumerate((video, b"song", video))
        ]
        again = (await client.post(f"/jobs/{ids[0]}/outputs?format=flac")).json()["job_id"]

        async def found(query: str) -> list[str]:
            items = (await client.get(f"/jobs?{query}")).json()["items"]
            return [each["job_id"] for each in items]

        assert await found(f"video_sha256={sha256}") == [again, ids[2], ids[0]]
        assert await found(f"video_sha256={sha256.upper()}&format=flac") == [again]
        assert await found(f"video_sha256={'0' * 64}") == []
        counted = (await client.get(f"/jobs/counts?video_sha256={sha256}")).json()
        cancelled = (await client.post(f"/jobs/cancel?video_sha256={sha256}")).json()
        await client.delete(f"/jobs/{ids[2]}")
        assert await found(f"video_sha256={sha256}") == [again, ids[0]]
    assert counted["total"] == 3
    assert set(cancelled["job_ids"]) == {ids[0], ids[2], again}
    async with gateway.as_(new_id()) as client:
        assert (await client.get(f"/jobs?video_sha256={sha256}")).json()["items"] == []


async def test_a_list_shows_what_has_happened_to_jobs_only_where_it_is_asked(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/a.mp4", content=b"v")).json()["job_id"]
        alone = (await client.get(f"/jobs/{job_id}")).json()
        [short] = (await client.get("/jobs")).json()["items"]
        [long] = (await client.get("/jobs?include=timeline")).json()["items"]
    assert [entry["type"] for entry in alone["timeline"]] == ["job.uploaded"]
    del alone["expires"]
    assert long == alone
    assert short == {name: value for name, value in alone.items() if name != "timeline"}


async def test_jobs_are_counted_by_state_as_a_list_would_show_them(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        ids = [(await client.put(f"/upload/{n}.mp4", content=b"v")).json()["job_id"] for n in "abc"]
        await client.post(f"/jobs/{ids[0]}/outputs?format=flac")
        await gateway.tell(ids[1], account, STARTED, FAILED)
        await client.get(f"/jobs/{ids[1]}", headers={"Prefer": "wait=50"})

        async def counted(query: str) -> tuple[int, dict[str, int]]:
            answer = await client.get(f"/jobs/counts?{query}")
            assert answer.status_code == 200, answer.text
            told = answer.json()
            return told["total"], {state: count for state, count in told["states"].items() if count}

        assert await counted("") == (4, {"uploaded": 3, "failed": 1})
        assert await counted("format=flac") == (1, {"uploaded": 1})
        assert await counted(f"family={ids[0]}") == (2, {"uploaded": 2})
        assert await counted("q=B.mp4") == (1, {"failed": 1})
        assert await counted("since=2099-01-01T00:00:00Z") == (0, {})
        first = await client.get("/jobs/counts")
        assert first.json()["states"]["converting"] == 0
        again = await client.get("/jobs/counts", headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
    async with gateway.as_(new_id()) as client:
        assert (await client.get("/jobs/counts")).json()["total"] == 0


@pytest.mark.parametrize(
    ("query", "name", "says"),
    [
        ("since=yesterday", "since", "a time with its zone, such as 2026-"),
        ("since=2026-11-29T10:00:00", "since", "a time with its zone, such as 2026-"),
        ("until=2026-11-29T10:00:00", "until", "a time with its zone, such as 2026-"),
        ("family=mine", "family", "an id such as "),
        ("video_sha256=mine", "video_sha256", "64 hexadecimal digits"),
        ("video_sha256=", "video_sha256", "64 hexadecimal digits"),
        ("include=everything", "include", "give timeline"),
        (f"q={'x' * 201}", "q", "at most 200 characters"),
        ("until=null", "until", "a time with its zone"),
        ("state=", "state", "uploaded, converting, "),
        ("state=dreaming", "state", "uploaded, converting, "),
        ("limit=201", "limit", "from 1 to 200"),
        ("limit=1e1", "limit", "from 1 to 200"),
        ("format=mp5", "format", "mp3, m4a"),
        ("sample_rate=12345", "sample_rate", "8000, "),
        ("quality=best", "quality", "V0 (best) to V9"),
        ("format=mp3&format=flac", "format", "more than once"),
        ("loud=1", "loud", "and the options of a conversion"),
        ("since=1.5", "since", "a time with its zone"),
        ("since=1764410400", "since", "a time with its zone"),
        ("since=9999-12-31T23:59:59-01:00", "since", "a time with its zone"),
        ("until=0001-01-01T00:00:00%2B01:00", "until", "a time with its zone"),
        ("until=2026-02-30T00:00:00Z", "until", "a time with its zone"),
    ],
)
async def test_a_filter_that_says_nothing_is_refused_by_its_name(
    gateway: Gateway, account: str, query: str, name: str, says: str
) -> None:
    async with gateway.as_(account) as client:
        answer = await client.get(f"/jobs?{query}")
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] == "/problems/bad-parameters"
    assert [each["name"] for each in answer.json()["errors"]] == [name]
    assert says in answer.json()["detail"]
