"""The chapters of an audio, as podcast clients hear them."""

import json
from typing import Any

from bson.binary import Binary
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase

from events.media import Chapter, Media
from events.options import Chapters
from events.projections.job_view import JobView
from events.timing.pauses import Pauses, packed
from events.timing.time_map import Seam
from gateway.feeds.chapters import MOST, as_json, chapters_of
from gateway.storage import Bucket
from service.blobs import AUDIO
from tests.gateway.feeds.test_episodes import job


async def heard(view: JobView, database: AsyncDatabase[Any]) -> list[tuple[float, float, str]]:
    found = await chapters_of(Bucket(database, AUDIO), view)
    return [(each.start, each.end, each.title) for each in found]


async def test_chapters_stand_where_they_are_heard(database: AsyncDatabase[Any]) -> None:
    assert await heard(job(), database) == [(0, 60, "Welcome"), (60, 100, "Chapter 2"), (100, 200, "End")]
    cut = job(start=30.0, end=130.0, speed=2.0, audio={"duration_seconds": 50.0})
    assert await heard(cut, database) == [(0, 15, "Welcome"), (15, 35, "Chapter 2"), (35, 50, "End")]
    trimmed = job(trim_silence=True, audio={"duration_seconds": 150.0, "silence_cut": 50.0})
    assert (await heard(trimmed, database))[:2] == [(0, 10, "Welcome"), (10, 50, "Chapter 2")]
    late = job(start=60.0, audio={"duration_seconds": 140.0})
    assert (await heard(late, database))[0] == (0, 40, "Chapter 1")


async def test_chapters_that_somebody_gave_take_the_place_of_the_videos(database: AsyncDatabase[Any]) -> None:
    given = job(marks="0:00 Mine\n1:30 And more")
    assert await heard(given, database) == [(0, 90, "Mine"), (90, 200, "And more")]
    assert await heard(replace(given, probe=None), database) == [(0, 90, "Mine"), (90, 200, "And more")]


async def test_shortened_pauses_move_chapters(database: AsyncDatabase[Any]) -> None:
    stored = packed(Pauses(seams=(Seam(50.0, 5.0),)))
    await database["audio.files"].insert_one(
        {"_id": "b", "length": 1, "chunkSize": 1, "metadata": {"peaks": Binary(stored)}}
    )
    short = job(shorten_pauses=1.0, audio={"duration_seconds": 195.0, "pauses_bytes": len(stored)})
    assert await heard(short, database) == [(0, 55, "Welcome"), (55, 95, "Chapter 2"), (95, 195, "End")]


async def test_there_are_none_where_the_audio_has_none_or_their_times_are_not_known(
    database: AsyncDatabase[Any],
) -> None:
    for view in (job(chapters=Chapters.DROP), job(trim_silence=True), replace(job(), probe=None)):
        assert await heard(view, database) == []


async def test_chapters_are_bounded(database: AsyncDatabase[Any]) -> None:
    some = tuple(Chapter(start=n / 10, end=n / 10 + 0.1) for n in range(1999))
    assert len(await heard(job(media=Media(container="mp4", chapters=some)), database)) == MOST


def test_the_file_of_chapters_has_what_clients_read() -> None:
    written = json.loads(as_json([Chapter(start=0.12345, end=9.5, title='"<b>" \U0001f600')]))
    assert written == {
        "version": "1.2.0",
        "chapters": [{"startTime": 0.123, "endTime": 9.5, "title": '"<b>" \U0001f600'}],
    }
