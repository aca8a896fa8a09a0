"""A view that a client has already is not sent again, and one that has changed is."""

import pytest

from tests.gateway.running import FAILED, STARTED, Gateway


async def test_a_view_is_sent_again_only_when_it_has_changed(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/talk.mp4", content=b"v")).json()["job_id"]
        paths = ("/jobs", f"/jobs/{job_id}")
        first = {path: await client.get(path) for path in paths}
        tags = {path: answer.headers["etag"] for path, answer in first.items()}
        for path, tag in tags.items():
            again = await client.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert again.headers["cache-control"] == "private, no-cache"
            assert "Authorization" in again.headers["vary"]
            head = await client.head(path, headers={"If-None-Match": tag})
            assert (head.status_code, head.headers["etag"]) == (304, tag)
        await gateway.tell(job_id, account, STARTED, FAILED)
        await client.get(f"/jobs/{job_id}", headers={"Prefer": "wait=50"})
        for path, tag in tags.items():
            later = await client.get(path, headers={"If-None-Match": tag})
            assert later.status_code == 200
            assert later.headers["etag"] != tag


async def test_a_tag_begins_with_the_offset_of_the_view(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/talk.mp4", content=b"v")).json()["job_id"]
        job = await client.get(f"/jobs/{job_id}")
    assert job.headers["etag"].startswith(f'"{job.json()["timeline"][-1]["offset"]}-')


@pytest.mark.parametrize("path", ["/jobs", "/jobs?include=timeline", "/jobs?limit=1"])
async def test_another_question_has_another_tag(gateway: Gateway, account: str, path: str) -> None:
    async with gateway.as_(account) as client:
        for _ in range(2):
            await client.put("/upload/talk.mp4", content=b"v")
        tags = {(await client.get(each)).headers["etag"] for each in (path, "/jobs?limit=2&q=no")}
    assert len(tags) == 2
