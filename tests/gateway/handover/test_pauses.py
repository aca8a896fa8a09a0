"""The pauses of an audio over real HTTP."""

import os

import pytest

from events.ids import new_id
from events.timing.pauses import Pause, Pauses, packed
from events.timing.time_map import Seam
from tests.gateway.handover.test_audio import reached, uploaded
from tests.gateway.running import Gateway

PEAKS = b"\2\0\0\0" + os.urandom(60)
FOUND = Pauses((Pause(1.5, 4.0), Pause(9.0, 12.25)), (Seam(2.0, 8.5),))
TOLD = {"seconds_saved": 8.5, "duration_seconds": 20.0}


async def converted(gateway: Gateway, account: str, pauses: bytes) -> str:
    job_id = await uploaded(gateway, account)
    await gateway.convert(job_id, account, os.urandom(50), peaks=PEAKS, pauses=pauses, **TOLD)
    await reached(gateway, account, job_id, "converted")
    return job_id


async def test_the_pauses_come_to_their_owner_and_once(gateway: Gateway, account: str) -> None:
    job_id = await converted(gateway, account, packed(FOUND))
    async with gateway.as_(account) as client:
        told = (await client.get(f"/jobs/{job_id}")).json()["audio"]
        assert told["seconds_saved"] == 8.5
        answer = await client.get(told["pauses_url"])
        assert answer.status_code == 200
        assert answer.json() == {
            "pauses": [
                {"start": 1.5, "end": 4.0, "length": 11.0, "begins": 3.6, "video_begins": 12.1},
                {"start": 9.0, "end": 12.25, "length": 3.25, "begins": 11.85, "video_begins": 20.35},
            ],
            "seams": [{"at": 2.0, "left_out": 8.5}],
        }
        again = await client.get(told["pauses_url"], headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await client.get(told["peaks_url"])).content == PEAKS
    async with gateway.as_(new_id()) as client:
        assert (await client.get(told["pauses_url"])).status_code == 404


@pytest.mark.parametrize("stored", [b"", b"\xff\xc1garbage"])
async def test_an_audio_in_which_nobody_looked_for_pauses_says_so(
    gateway: Gateway, account: str, stored: bytes
) -> None:
    job_id = await converted(gateway, account, stored)
    async with gateway.as_(account) as client:
        answer = await client.get(f"/jobs/{job_id}/pauses")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "no-pauses")


async def test_they_go_with_the_audio(gateway: Gateway, account: str) -> None:
    job_id = await converted(gateway, account, packed(FOUND))
    async with gateway.as_(account) as client:
        assert (await client.delete(f"/jobs/{job_id}")).status_code == 204
        assert (await client.get(f"/jobs/{job_id}/pauses")).status_code == 410
