"""Kills the services of a stack, and has the stack swept afterwards."""

import asyncio
import json
import signal
from collections import Counter
from random import Random

from waiting import wait_for

from infra.drills.rig.stack import Stack

SERVICES = ("gateway", "auth", "converter-1", "converter-2", "notifier")
BROKER_EVERY = 60.0
"""Seconds in which the broker is killed once."""


async def kill_at_random(
    stack: Stack, random: Random, seconds: float, pauses: tuple[float, float] = (0.2, 2.5)
) -> Counter[str]:
    """Kill services at random moments, and once in a while the broker, for so long; tell how often which.

    `pauses`: the shortest and the longest time between two kills, in seconds.
    """
    killed: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    begin = loop.time()
    brokers_turns = [
        start + random.uniform(0.3, 0.7) * min(BROKER_EVERY, seconds)
        for start in range(0, max(1, round(seconds)), round(BROKER_EVERY))
    ]
    while (passed := loop.time() - begin) < seconds:
        await asyncio.sleep(random.uniform(*pauses))  # the moments are the point, nothing is waited for
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
