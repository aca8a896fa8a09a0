"""A rolling restart of every service under load, as an upgrade does it.

Two replicas of each service stand behind HAProxy, which repeats nothing. All four services are replaced at
the same time, replica by replica, again and again, while people upload, follow their jobs, list and sign in.
"""

import argparse
import asyncio
import re
from collections import Counter

from infra.drills.rig import snapshot
from infra.drills.rig.checker import World, check
from infra.drills.rig.clips import Clips
from infra.drills.rig.drill import Drill
from infra.drills.rig.fleet import REPLICAS, Fleet
from infra.drills.rig.load import under_load

UPLOADERS = 3
GOOD = re.compile(r"2\d\d|503 Retry-After")
FOR_THE_SWEEPER = "was not swept", "were not swept"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--times", type=int, default=20, help="rolling restarts of everything (20)")


async def run(drill: Drill, arguments: argparse.Namespace) -> None:
    """Restart everything so many times, then hold what everybody saw against what was promised."""
    (drill.directory / "clips").mkdir()
    clips = Clips(drill.directory / "clips")
    fleet = Fleet(drill.directory, ACCESS_SECONDS="3600")
    try:
        await fleet.start()
        drill.say(f"{sum(REPLICAS.values())} replicas run behind a proxy")
        async with under_load(fleet.url, clips, uploaders=UPLOADERS) as load:
            for number in range(1, arguments.times + 1):
                await asyncio.gather(*(fleet.roll(name) for name in REPLICAS))
                drill.say(f"restart {number}: {len(load.uploads)} jobs done, {_table(load.answers)}")
        world = await snapshot.take(fleet, load.uploads)
    finally:
        await fleet.stop()
    bad = {answer: number for answer, number in load.answers.items() if not GOOD.fullmatch(answer)}
    drill.holds("nothing but 2xx and 503 with Retry-After was answered", not bad, _table(load.answers))
    drill.holds("every replica ended by itself and in time", not fleet.killed, ", ".join(fleet.killed))
    faults = [fault for fault in check(world) if not fault.endswith(FOR_THE_SWEEPER)]
    drill.none(f"all {len(load.uploads)} accepted jobs came to their end, each told by one mail", faults)
    copies = _copies(world)
    drill.holds("no mail came more than twice", max(copies.values()) <= 2, _table(Counter(copies.values())))


def _copies(world: World) -> Counter[str]:
    return Counter(mail.message_id for mail in world.mails)


def _table(counted: Counter[str] | Counter[int]) -> str:
    return ", ".join(f"{number:,} × {what}" for what, number in counted.most_common())
