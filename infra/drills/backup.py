"""A backup of a stack at work, restored into an empty one.

People upload while it is taken. The copy must have every job that had ended before it began, with the same
audio; let everybody in with the password and the token of before; and go on with the work that was waiting.
"""

import argparse
import asyncio
import hashlib
import signal
from pathlib import Path
from typing import Any

import httpx

from infra.drills.rig.clips import Clips
from infra.drills.rig.conditions import wait_for
from infra.drills.rig.drill import Drill
from infra.drills.rig.jobs import jobs
from infra.drills.rig.load import under_load
from infra.drills.rig.operator import tonearm
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack

CONVERTERS = ("converter-1", "converter-2")


async def run(drill: Drill, arguments: argparse.Namespace) -> None:
    """Take a backup under load, restore it elsewhere, compare."""
    old = Stack(drill.directory / "old", ACCESS_SECONDS="3600")
    new = Stack(drill.directory / "new", ACCESS_SECONDS="3600")
    clips = Clips(drill.directory)
    owner = Person(old.url, "owner@example.org")
    try:
        await old.start()
        await owner.register()
        await asyncio.gather(*(owner.convert(clips.tone(seconds)) for seconds in (1, 2, 3)))
        await owner.convert(clips.silent())
        before, begun = await save(drill, old, owner, clips)
        await old.stop()

        new.directory.mkdir()
        await tonearm(new, "restore", str(saved(drill)))
        drill.say("restored into empty servers")
        await new.start()
        owner.move(new.url)
        answer = await owner.get(f"/jobs/{begun}")
        drill.holds("a token from before is still good", answer.status_code == 200, answer.status_code)
        await owner.sign_in()
        drill.holds("the password of before signs in", True)
        async with httpx.AsyncClient(base_url=new.url, trust_env=False) as admin:
            answer = await admin.post("/login", auth=new.admin)
        drill.holds("so does the first admin", answer.status_code == 200, answer.status_code)
        await compare(drill, owner, before, begun)
        drill.say((await tonearm(new, "replay", "reconcile", "--work", "--yes")).last)

        async def done() -> bool:
            return bool((await jobs(owner))[begun]["state"] == "notified")

        await wait_for(done, 300, "the job that waited is done")
        drill.holds("and is done after `reconcile --work`", True)
        drill.say((await tonearm(new, "replay", "verify")).last)
    finally:
        await owner.close()
        await old.stop()
        await new.stop()


def saved(drill: Drill) -> Path:
    """Return the folder of the backup."""
    return drill.directory / "saved"


async def save(
    drill: Drill, old: Stack, owner: Person, clips: Clips
) -> tuple[dict[str, dict[str, Any]], str]:
    """Take a backup under load. Return the jobs that had ended before it, and one that waited meanwhile."""
    async with under_load(old.url, clips, uploaders=2):
        before = await jobs(owner)
        for name in CONVERTERS:  # so that some work is not done when the log is read
            await old.signal(name, signal.SIGSTOP)
        begun = await owner.begin(clips.tone(4))
        drill.say(f"{len(before)} jobs have ended, another waits, two people upload")
        await tonearm(old, "backup", str(saved(drill)))
        for name in CONVERTERS:
            await old.signal(name, signal.SIGCONT)
        drill.say(f"saved {size(saved(drill)) / 1e6:.1f} MB")
    return before, begun


async def compare(drill: Drill, owner: Person, before: dict[str, dict[str, Any]], begun: str) -> None:
    """Check the owner's jobs in the restored stack against those before the backup."""
    after = await jobs(owner)
    drill.holds(
        "every job that had ended is there, as it was",
        all(after.get(job_id) == view for job_id, view in before.items()),
        f"{len(before)} jobs",
    )
    hashes = [hashlib.sha256(await owner.audio(upload.job_id or "")).hexdigest() for upload in heard(owner)]
    drill.holds(
        "their audio has the same bytes",
        hashes == [u.audio_sha256 for u in heard(owner)],
        f"{len(hashes)} files",
    )
    drill.holds("the job that waited still waits", after[begun]["state"] in ("uploaded", "converting"))


def heard(person: Person) -> list[Any]:
    """Return the uploads that audio was made of."""
    return [upload for upload in person.history if upload.audio_sha256]


def size(directory: Path) -> int:
    """Return how many bytes are in a folder."""
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
