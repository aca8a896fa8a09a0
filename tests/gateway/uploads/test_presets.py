"""Presets: an account's own defaults, and options under names, over real HTTP."""

import asyncio
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from httpx import AsyncClient, Response
from waiting import wait_for

from events.types import FailureCode, JobFailed
from gateway.uploads.presets import MOST
from tests.gateway.running import STARTED, Gateway

SPEECH = {"format": "opus", "quality": "32k", "channels": "mono"}


async def names(client: AsyncClient) -> list[str]:
    return [each["name"] for each in (await client.get("/presets")).json()["items"]]


async def wanted(client: AsyncClient, answer: Response) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    options: dict[str, Any] = (await client.get(answer.headers["location"])).json()["options"]
    return options


async def failed_by_now(client: AsyncClient, job_id: str) -> bool:
    return (await client.get(f"/jobs/{job_id}")).json().get("state") == "failed"


async def test_a_preset_is_saved_listed_replaced_and_deleted(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        assert (await client.get("/presets")).json() == {"items": []}
        saved = await client.put("/presets/Speech%20%2F%20phone", json=SPEECH)
        assert (saved.status_code, saved.json()) == (200, {"name": "Speech / phone", "options": SPEECH})
        await client.put("/presets/Álbum?format=flac&title=&start=0:01.5")
        shown = (await client.get("/presets")).json()["items"]
        assert shown[0] == saved.json()
        assert shown[1] == {
            "name": "Álbum",
            "options": {"format": "flac", "start": 1.5, "tags": {"title": ""}},
        }
        again = await client.put("/presets/Álbum", json=shown[1]["options"] | {"format": "mp3"})
        assert again.json()["options"]["format"] == "mp3"
        for _ in range(2):
            assert (await client.delete("/presets/Speech%20%2F%20phone")).status_code == 204
        assert await names(client) == ["Álbum"]
    async with gateway.as_(f"not-{account}") as other:
        assert await names(other) == []


async def test_a_named_preset_stands_between_what_is_given_and_the_accounts_defaults(
    gateway: Gateway, account: str
) -> None:
    """In every call that takes options: the query, a form, JSON, another output, and another try."""
    async with gateway.as_(account) as client:
        await client.put("/preset", json={"format": "flac", "speed": 2})
        await client.put("/presets/Speech", json=SPEECH)
        put = await client.put("/upload/a.mp4?preset=Speech&channels=stereo", content=b"video")
        expected = {"format": "opus", "quality": "32k", "channels": "stereo", "speed": 2.0}
        assert await wanted(client, put) == {**expected, "tags": {}, "partial": True}
        video = {"file": ("a.mp4", b"video")}
        for form in ({"preset": "Speech"}, {"options": '{"preset": " Speech ", "format": "opus"}'}):
            posted = await client.post("/upload", data=form, files=video)
            assert (await wanted(client, posted))["quality"] == "32k"
        other_format = await client.put("/upload/a.mp4?preset=Speech&format=mp3", content=b"video")
        assert "quality" not in await wanted(client, other_format)
        job_id = put.json()["job_id"]
        output = await client.post(f"/jobs/{job_id}/outputs", json={"preset": "Speech", "speed": 1})
        assert (await wanted(client, output))["channels"] == "mono"
        failure = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="No sound.")
        await gateway.tell(job_id, account, STARTED, failure)
        await wait_for(partial(failed_by_now, client, job_id))
        repeated = await client.post(f"/jobs/{job_id}/retry", json={"preset": "Speech"})
        assert (await wanted(client, repeated))["channels"] == "mono"
        none = await client.put("/upload/a.mp4?preset=", content=b"video")
        assert (await wanted(client, none))["format"] == "flac"


async def test_a_preset_that_is_not_there_is_named_with_those_that_are(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        await client.put("/presets/Speech", json=SPEECH)
        told = {"name": "preset", "detail": "there is no preset Speach; there are Speech"}
        for answer in (
            await client.put("/upload/a.mp4?preset=Speach", content=b"video"),
            await client.put("/preset?preset=Speach"),
        ):
            assert (answer.status_code, answer.json()["errors"]) == (422, [told])
        checked = await client.post("/options/check", json={"preset": "Speach"})
        assert checked.json()["faults"] == [told]
        late = [("file", ("a.mp4", b"video")), ("preset", (None, b"Speech"))]
        assert (await client.post("/upload", files=late)).json()["errors"][0]["name"] == "preset"
        assert (await client.get("/jobs?preset=Speech")).status_code == 422


async def test_defaults_and_presets_may_begin_with_a_preset(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        await client.put("/presets/Speech", json=SPEECH)
        copied = await client.put("/presets/Podcast?preset=Speech&format=mp3")
        assert copied.json()["options"] == {"format": "mp3", "channels": "mono"}
        assert (await client.put("/preset?preset=Speech")).json()["quality"] == "32k"


async def test_what_is_set_is_shown_also_where_it_is_the_default(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        for call in (client.put("/preset?format=mp3&speed=1"), client.get("/preset")):
            assert (await call).json() == {"tags": {}, "partial": True, "format": "mp3", "speed": 1.0}


@pytest.mark.parametrize("name", ["%20", "%2E%2E", "x" * 61, "%E2%80%8B", "%00", "a" * 9999])
async def test_a_name_has_to_be_seen(gateway: Gateway, account: str, name: str) -> None:
    async with gateway.as_(account) as client:
        for answer in (await client.put(f"/presets/{name}"), await client.delete(f"/presets/{name}")):
            assert (answer.status_code, answer.json()["errors"][0]["name"]) == (422, "name")
        assert await names(client) == []


async def test_a_name_is_kept_as_one_harmless_line(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        await client.put("/presets/" + quote(" Mein\n\u202eTon  👩‍🎤 "))
        assert await names(client) == ["Mein Ton 👩‍🎤"]


async def test_a_preset_that_cannot_be_had_is_not_saved(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        refused = await client.put("/presets/Wrong", json={"format": "flac", "quality": "192k"})
        assert (refused.status_code, refused.json()["errors"][0]["name"]) == (422, "quality")
        assert await names(client) == []


async def test_presets_saved_at_once_are_all_kept_up_to_the_most(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        for first in range(0, MOST, 5):
            saved = await asyncio.gather(*(client.put(f"/presets/{n}") for n in range(first, first + 5)))
            assert {each.status_code for each in saved} == {200}
        assert len(await names(client)) == MOST
        one_more = await client.put("/presets/more")
        assert (one_more.status_code, one_more.json()["errors"][0]["name"]) == (422, "name")
        assert (await client.put("/presets/7", json=SPEECH)).status_code == 200, "an old one may be replaced"
