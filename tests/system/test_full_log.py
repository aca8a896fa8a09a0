"""A full disk of the log takes the lines, and nothing else."""

import httpx
import pytest
from waiting import wait_for

from infra.drills.rig.clips import Clips
from infra.drills.rig.stack import Stack

pytestmark = pytest.mark.system


async def test_no_service_fails_at_its_work_because_it_cannot_tell_of_it(mute_stack: Stack, clips: Clips):
    stack = mute_stack
    async with httpx.AsyncClient(base_url=stack.url, timeout=60) as client:
        signed_in = await client.post("/login", auth=stack.admin)
        client.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"

        async def state(job_id: str) -> str:
            return str((await client.get(f"/jobs/{job_id}")).json()["state"])

        for clip in (clips.tone(2), clips.text(), clips.tone(3)):
            accepted = await client.put("/upload/clip.mp4", content=clip.path.read_bytes())
            assert accepted.status_code == 202, accepted.text
            job_id = accepted.json()["job_id"]

            async def over(job_id: str = job_id, wanted: str = clip.expected) -> bool:
                return await state(job_id) == wanted

            await wait_for(over, 60)
        await wait_for(lambda: len(list(stack.mailbox.glob("*.eml"))) == 3, 30)
    parts = stack.parts()
    assert {part.phase for part in parts.values()} == {"ready"}
    assert [part.restarts for part in parts.values()] == [0] * len(parts)
