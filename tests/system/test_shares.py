"""Fair shares and promises, of real processes: who waits how long, and whether that is what was said."""

import asyncio
import random
import time
from datetime import datetime
from typing import Any

import pytest
from msgspec import Struct
from waiting import wait_for

from events.work.turns import FIRST
from infra.drills.rig.clips import Clip, Clips
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack

pytestmark = pytest.mark.system

AT_ONCE = 8
"""Uploads of one person at the same moment."""


async def upload_all(person: Person, clip: Clip, count: int) -> list[str]:
    """Upload a video so often, some at a time; return the jobs."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one() -> str:
        async with turns:
            return await person.begin(clip)

    return await asyncio.gather(*(one() for _ in range(count)))


async def job_of(person: Person, job_id: str) -> dict[str, Any]:
    answer = await person.get(f"/jobs/{job_id}")
    answer.raise_for_status()
    return dict(answer.json())


async def done(person: Person) -> int:
    """Return how many of a person's jobs are over."""
    counts = (await person.get("/jobs/counts")).json()["states"]
    return sum(counts[state] for state in ("converted", "notified", "failed"))


@pytest.mark.parametrize(
    "count", [40, pytest.param(1000, marks=[pytest.mark.nightly, pytest.mark.timeout(900)])]
)
async def test_one_accounts_many_jobs_do_not_hold_up_anothers_one(own_stack: Stack, clips: Clips, count: int):
    many, one = (Person(own_stack.url, f"{name}@example.org") for name in ("many", "one"))
    try:
        await asyncio.gather(many.register(), one.register())
        long, short = clips.tone(60), clips.tone(1)
        await upload_all(many, long, count)
        before = await done(many)
        job_id = await one.begin(short)
        place = (await job_of(one, job_id))["queue"]["place"]

        async def is_over() -> bool:
            return bool((await job_of(one, job_id))["done"])

        await wait_for(is_over, 120)
        meanwhile = await done(many) - before
        assert place <= FIRST + 2, "at most four of the other account's, and one in bulk, go before it"
        assert before + meanwhile < count, "the other account's jobs are far from done"
        assert meanwhile <= FIRST + 1 + AT_ONCE, "what is under way, and the few that go before it"
    finally:
        await asyncio.gather(many.close(), one.close())


class Promise(Struct):
    """What was said of a job, and when."""

    job_id: str
    at: float
    least: int
    most: int


@pytest.mark.nightly
@pytest.mark.timeout(600)
async def test_four_of_five_promises_hold_under_a_mixed_load(own_stack: Stack, clips: Clips):
    """People come now and then, some with many videos, of other lengths and into other formats."""
    chance = random.Random(1)  # noqa: S311
    made = [clips.tone(seconds) for seconds in (2, 30, 120, 600)]
    formats = ("mp3", "mp3", "opus", "flac")
    people = [Person(own_stack.url, f"person-{n}@example.org") for n in range(4)]
    promises: list[Promise] = []
    came: dict[str, float] = {}

    async def follow(person: Person, job_id: str) -> None:
        """Note what is said of the job whenever it is asked for, until it is over."""
        while not (job := await job_of(person, job_id))["done"]:
            if (queue := job["queue"]) and queue["seconds_max"] is not None:
                promises.append(Promise(job_id, time.time(), queue["seconds_min"], queue["seconds_max"]))
            await asyncio.sleep(chance.uniform(1, 4))
        came[job_id] = datetime.fromisoformat(job["finished_at"]).timestamp()

    async def come(person: Person, count: int) -> None:
        for _ in range(count):
            job_id = await person.begin(chance.choice(made), format=chance.choice(formats))
            following.create_task(follow(person, job_id))

    try:
        await asyncio.gather(*(person.register() for person in people))
        async with asyncio.TaskGroup() as following:
            for person in people[:3]:
                following.create_task(come(person, 5))
            for n in range(30):
                await asyncio.sleep(chance.uniform(0, 2))
                await come(chance.choice(people[:3]), 1)
                if n == 10:
                    await come(people[3], 25)
    finally:
        await asyncio.gather(*(person.close() for person in people))
    kept = [each.least <= came[each.job_id] - each.at <= each.most for each in promises]
    first = dict(zip((each.job_id for each in reversed(promises)), reversed(kept), strict=True))
    print(f"{sum(kept)} of {len(kept)} promises held, and {sum(first.values())} of {len(first)} first ones")
    assert len(kept) > 50
    assert sum(kept) / len(kept) >= 0.8
    assert sum(first.values()) / len(first) >= 0.8
