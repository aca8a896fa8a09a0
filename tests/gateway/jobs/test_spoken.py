"""The search for what is said."""

from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from gateway.jobs import spoken
from gateway.jobs.spoken import Spoken
from workers.converter.storage import Maker, Storage


async def test_a_job_with_many_tracks_hides_no_other(
    database: AsyncDatabase[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spoken, "MOST", 2)
    storage = Storage(database)
    for job_id, tracks in (("1", 1), ("2", 1), ("3", 3)):
        maker = Maker(account="me", job_id=job_id)
        for track in range(tracks):
            await storage.keep_transcript(f"{job_id} {track}", b"WEBVTT", maker, words="hello")
    assert await Spoken(database).jobs("me", "Hello") == {"2", "3"}
