"""Every service is killed again and again, the broker too; afterwards every promise must have been kept.

    CHAOS_SECONDS=600 CHAOS_SEED=7 pytest --long tests/system/test_chaos.py -s

The seed decides what is killed when and who uploads what. It cannot decide what the machine does in
between, so a failure may need several tries with the same seed.
"""

import asyncio
import os
from collections import Counter
from random import Random

import pytest

from infra.drills.rig import snapshot
from infra.drills.rig.checker import check
from infra.drills.rig.clips import Clips
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack
from tests.system.killing import kill_at_random, sweep

SECONDS = float(os.environ.get("CHAOS_SECONDS") or 30)
SEED = int(os.environ.get("CHAOS_SEED") or Random().randrange(10_000))  # noqa: S311
UPLOADS = 24
PEOPLE = 5

pytestmark = [pytest.mark.system, pytest.mark.long, pytest.mark.timeout(SECONDS + 300)]


async def test_kills_at_any_moment_lose_nothing_and_double_nothing(own_stack: Stack, clips: Clips):
    print(f"\nCHAOS_SEED={SEED} CHAOS_SECONDS={SECONDS:g}")
    random = Random(SEED)  # noqa: S311
    # A broker that is killed within seconds of its first stream forgets it: see tests/events/conftest.py.
    await own_stack.restart("rabbitmq")
    people = [Person(own_stack.url, f"person-{number}@example.org") for number in range(PEOPLE)]
    try:
        await asyncio.gather(*(person.register() for person in people))
        async with asyncio.TaskGroup() as tasks:
            killing = tasks.create_task(kill_at_random(own_stack, random, SECONDS))
            for person in people:
                tasks.create_task(convert_while(killing, person, Random(f"{SEED} {person.email}"), clips))  # noqa: S311
        killed = killing.result()
    finally:
        for person in people:
            await person.close()

    await own_stack.all_ready()
    swept = await sweep(own_stack)
    uploads = [upload for person in people for upload in person.history]
    print(f"{len(uploads)} uploads; killed {dict(killed)}; swept {dict(swept)}")
    print(f"{sum(person.repeated for person in people)} requests were repeated")
    assert len(uploads) >= UPLOADS
    assert check(await snapshot.take(own_stack, uploads)) == []


async def convert_while(
    killing: asyncio.Task[Counter[str]], person: Person, random: Random, clips: Clips
) -> None:
    """Upload one clip after the other, as long as there is killing and until all have done their share."""
    while not killing.done() or len(person.history) < UPLOADS / PEOPLE:
        tone = clips.tone(random.randint(1, 6), random.randrange(200, 2000, 200))
        clip = random.choices([tone, clips.noise(), clips.silent(), clips.text()], [6, 2, 1, 1])[0]
        await person.convert(clip)
