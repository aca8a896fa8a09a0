"""Every service is killed again and again, the broker too; afterwards every promise must have been kept.

    CHAOS_SECONDS=600 CHAOS_SEED=7 pytest --long tests/system/test_chaos.py -s

The seed decides what is killed when and who uploads what. It cannot decide what the machine does in
between, so a failure may need several tries with the same seed.
"""

import asyncio
import json
import os
import signal
from collections import Counter
from random import Random

import pytest
from waiting import wait_for

from infra.drills.rig import snapshot
from infra.drills.rig.checker import check
from infra.drills.rig.clips import Clips
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack

SECONDS = float(os.environ.get("CHAOS_SECONDS") or 30)
SEED = int(os.environ.get("CHAOS_SEED") or Random().randrange(10_000))  # noqa: S311
UPLOADS = 24
PEOPLE = 5
SERVICES = ("gateway", "auth", "converter-1", "converter-2", "notifier")
BROKER_EVERY = 60.0
"""Seconds in which the broker is killed once."""

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
            killing = tasks.create_task(kill_at_random(own_stack, random))
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


async def kill_at_random(stack: Stack, random: Random) -> Counter[str]:
    """Kill services at random moments, and once in a while the broker, for SECONDS; tell how often which."""
    killed: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    begin = loop.time()
    brokers_turns = [
        start + random.uniform(0.3, 0.7) * min(BROKER_EVERY, SECONDS)
        for start in range(0, max(1, round(SECONDS)), round(BROKER_EVERY))
    ]
    while (passed := loop.time() - begin) < SECONDS:
        await asyncio.sleep(random.uniform(0.2, 2.5))  # the moments are the point, nothing is waited for
        if brokers_turns and passed > brokers_turns[0]:
            del brokers_turns[0]
            victim = "rabbitmq"
        else:
            victim = random.choice([name for name in SERVICES if up(stack, name)] or SERVICES)
        await stack.signal(victim, signal.SIGKILL)
        killed[victim] += 1
    return killed


def up(stack: Stack, name: str) -> bool:
    """Tell whether a service does its work: one that is killed at every start never would."""
    return stack.parts()[name].phase == "ready" and stack.pid(name) is not None


async def convert_while(
    killing: asyncio.Task[Counter[str]], person: Person, random: Random, clips: Clips
) -> None:
    """Upload one clip after the other, as long as there is killing and until all have done their share."""
    while not killing.done() or len(person.history) < UPLOADS / PEOPLE:
        tone = clips.tone(random.randint(1, 6), random.randrange(200, 2000, 200))
        clip = random.choices([tone, clips.noise(), clips.silent(), clips.text()], [6, 2, 1, 1])[0]
        await person.convert(clip)


async def sweep(stack: Stack) -> Counter[str]:
    """Start the stack anew, now without patience for orphans; return what was swept until nothing is left.

    While uploads are under way the grace has to be longer than the lease of an upload's key: what a dead
    gateway has stored belongs to whoever repeats the upload.
    """
    await stack.stop()
    stack.settings |= {"SWEEP_INTERVAL_SECONDS": "1", "SWEEP_GRACE_SECONDS": "1"}
    gateway_log = stack.directory / "logs" / "gateway.jsonl"
    before = gateway_log.stat().st_size
    await stack.start()

    def sweeps() -> list[dict[str, int]]:
        with gateway_log.open("rb") as file:
            file.seek(before)
            lines = [json.loads(line) for line in file if b'"event":"swept"' in line]
        return [{kind: line[kind] for kind in ("uploads", "audio", "chunks")} for line in lines]

    await wait_for(lambda: any(not any(each.values()) for each in sweeps()), 60, "a sweep finds nothing")
    return sum((Counter(each) for each in sweeps()), Counter())
