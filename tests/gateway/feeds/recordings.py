"""Jobs with all that an episode may have, and feeds of them."""

import os
from typing import Any

from waiting import wait_for

from events.media import Chapter, Media
from events.types import JobProbed
from tests.gateway.running import STARTED, Gateway

JPEG = b"\xff\xd8\xff" + b"p" * 40
AUDIO = os.urandom(20_000) + JPEG
CHAPTERS = Media(
    container="mp4", chapters=(Chapter(start=0, end=1, title="A <b>"), Chapter(start=1, end=1.5))
)


async def recorded(
    gateway: Gateway, account: str, name: str = "Talk.mp4", options: str = "", **said: Any
) -> str:
    """A job with audio, chapters and a cover."""
    async with gateway.as_(account) as client:
        answer = await client.put(f"/upload/{name}{options}", content=b"a video")
        assert answer.status_code == 202, answer.text
        job_id = str(answer.json()["job_id"])
        await gateway.tell(job_id, account, STARTED, JobProbed(run=1, media=CHAPTERS))
        covered = {"cover_at": len(AUDIO) - len(JPEG), "cover_bytes": len(JPEG)}
        await gateway.convert(job_id, account, AUDIO, chunk=4096, **covered | said)

        async def is_converted() -> bool:
            return (await client.get(f"/jobs/{job_id}")).json().get("state") == "converted"

        await wait_for(is_converted)
    return job_id


async def made(gateway: Gateway, account: str, **wanted: str) -> dict[str, Any]:
    async with gateway.as_(account) as client:
        answer = await client.post("/feeds", json={"name": "My talks", **wanted})
    assert answer.status_code == 201, answer.text
    feed: dict[str, Any] = answer.json()
    assert feed["url"].startswith(f"{gateway.url}/f/")
    return feed
