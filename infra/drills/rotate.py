"""New signing keys, a new SERVICE_TOKEN and a new password of the broker's, under load.

The database's password is not among them: the local one has none.
"""

import argparse
import json
import secrets
from base64 import urlsafe_b64decode

import httpx

from infra.drills.rig import snapshot
from infra.drills.rig.checker import check
from infra.drills.rig.clips import Clips
from infra.drills.rig.conditions import wait_for
from infra.drills.rig.drill import Drill
from infra.drills.rig.fleet import REPLICAS, Fleet
from infra.drills.rig.load import under_load
from infra.drills.rig.operator import tonearm
from infra.drills.upgrade import FOR_THE_SWEEPER, GOOD
from infra.local.servers.rabbitmq import USER

LEAD_SECONDS = 5


async def run(drill: Drill, arguments: argparse.Namespace) -> None:
    """Change one after the other while people work; hold what they saw against what was promised."""
    (drill.directory / "clips").mkdir()
    fleet = Fleet(drill.directory, ACCESS_SECONDS="3600", KEY_LEAD_SECONDS=str(LEAD_SECONDS))
    try:
        await fleet.start()
        async with under_load(fleet.url, Clips(drill.directory / "clips"), uploaders=2) as load:
            await keys(drill, fleet)

            fleet.environment["SERVICE_TOKEN"] = secrets.token_urlsafe(32)
            for name in ("auth", "gateway", "notifier"):
                await fleet.roll(name)
            drill.say("SERVICE_TOKEN is another, for auth, then the gateways, then the notifiers")

            password = secrets.token_urlsafe(32)
            old = fleet.environment["RABBITMQ_URL"].split(":")[2].partition("@")[0]
            await snapshot.broker_says(fleet, "change_password", USER, password)
            for name in ("RABBITMQ_URL", "STREAM_URL"):
                fleet.environment[name] = fleet.environment[name].replace(old, password)
            for name in REPLICAS:
                await fleet.roll(name)
            drill.say("the broker's password is another, and every service was restarted with it")
        world = await snapshot.take(fleet, load.uploads)
    finally:
        await fleet.stop()
    bad = {answer: number for answer, number in load.answers.items() if not GOOD.fullmatch(answer)}
    drill.holds("nothing but 2xx and 503 with Retry-After was answered", not bad, dict(load.answers))
    faults = [fault for fault in check(world) if not fault.endswith(FOR_THE_SWEEPER)]
    drill.none(f"all {len(load.uploads)} accepted jobs came to their end, each told by one mail", faults)


async def keys(drill: Drill, fleet: Fleet) -> None:
    """Rotate the signing key: the old tokens stay good, new ones are signed by the new key."""
    async with httpx.AsyncClient(base_url=fleet.url, trust_env=False, timeout=30) as client:
        admin = (fleet.environment["ADMIN_EMAIL"], fleet.environment["ADMIN_PASSWORD"])

        async def token() -> str:
            return str((await client.post("/login", auth=admin)).json()["access_token"])

        old = await token()
        await tonearm(fleet, "account", "rotate-key")

        async def signed_by_the_new() -> bool:
            return key_of(await token()) != key_of(old)

        await wait_for(signed_by_the_new, LEAD_SECONDS + 90, "the new key signs")
        drill.holds("the new key signs", True)
        answers = [
            (await client.get("/jobs", headers={"Authorization": f"Bearer {each}"})).status_code
            for each in (old, await token())
            for _ in range(4)
        ]
        drill.holds("tokens of both keys are good at every gateway", set(answers) == {200}, answers)


def key_of(token: str) -> str:
    """Return the id of the key that signed a token."""
    head = token.partition(".")[0]
    return str(json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])
