"""Jobs are cancelled in every state while the services are killed; afterwards everybody must say the same.

    CANCEL_JOBS=300 CHAOS_SECONDS=240 pytest --long -so faulthandler_timeout=0 tests/system/test_cancelling.py

Each job is cancelled at another moment: while it waits, is converted, waits for another attempt, ends, or
when it has ended. The answer has to hold for ever, also when everything was killed at once.
"""

import asyncio
import hashlib
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from msgspec import Struct
from waiting import wait_for

from events.projections.job_view import SETTLED, State
from infra.drills.rig import snapshot
from infra.drills.rig.checker import Upload, World, check
from infra.drills.rig.clips import Clip, Clips
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack
from tests.system.killing import kill_at_random, sweep

JOBS = int(os.environ.get("CANCEL_JOBS") or 60)
SECONDS = float(os.environ.get("CHAOS_SECONDS") or 60)
SEED = int(os.environ.get("CHAOS_SEED") or Random().randrange(10_000))  # noqa: S311
PAUSES = (2.0, 10.0)
"""Seconds between two kills: with shorter ones hardly any job would ever be at work."""
PEOPLE = 6
LONG = 900
"""Seconds of sound in a video that is still converted when it is cancelled."""

pytestmark = [pytest.mark.system, pytest.mark.nightly, pytest.mark.timeout(SECONDS + 5 * JOBS + 300)]


class Told(Struct, frozen=True):
    """The answer to a cancellation: `before` is the state that was seen just before it."""

    job_id: str
    owner: Person
    clip: Clip
    before: State
    cancelled: bool


async def test_a_cancelled_job_stays_cancelled_whatever_is_killed(own_stack: Stack, clips: Clips) -> None:
    print(f"\nCHAOS_SEED={SEED} CHAOS_SECONDS={SECONDS:g} CANCEL_JOBS={JOBS}")
    random = Random(SEED)  # noqa: S311
    await own_stack.restart("rabbitmq")  # see tests/events/conftest.py
    people = [Person(own_stack.url, f"person-{number}@example.org") for number in range(PEOPLE)]
    try:
        await asyncio.gather(*(person.register() for person in people))
        told = [await cancel_in_peace(own_stack, people[0], clips) for _ in range(5)]
        async with asyncio.TaskGroup() as tasks:
            killing = tasks.create_task(kill_at_random(own_stack, random, SECONDS, PAUSES))
            shares = [
                tasks.create_task(cancel_jobs(person, Random(f"{SEED} {person.email}"), clips))  # noqa: S311
                for person in people
            ]
            ffmpegs = tasks.create_task(kill_ffmpeg(own_stack, shares))
        told += [each for share in shares for each in share.result()]
        print(f"killed {dict(killing.result())}, and {ffmpegs.result()} times an ffmpeg")
        print("cancelled when", dict(Counter(each.before.value for each in told if each.cancelled)))
        print("too late when", dict(Counter(each.before.value for each in told if not each.cancelled)))

        await kill_everything(own_stack)
        await own_stack.all_ready()
        for each in told:
            await wait_for(lambda each=each: has_ended(each), 120, f"job {each.job_id} has ended")
        uploads = [await as_shown(each) for each in told]
        listed = {state: await everybodys(people, state) for state in SETTLED}
        print(f"swept {dict(await sweep(own_stack))}")
        world = await snapshot.take(own_stack, uploads)
    finally:
        for person in people:
            await person.close()

    assert check(world) == []
    assert {State.UPLOADED, State.CONVERTING} <= {each.before for each in told if each.cancelled}
    for each in told:
        view = world.views[each.job_id]
        assert (view.state is State.CANCELLED) == each.cancelled, each
        assert each.job_id in listed[view.state], each
        assert each.cancelled == (view.result is None and view.failure is None), each
    assert ffmpegs_of(own_stack) == []
    assert mails_about(world, {each.job_id for each in told if each.cancelled}) == []
    assert await ledger(own_stack) == 0


async def cancel_jobs(person: Person, random: Random, clips: Clips) -> list[Told]:
    """Begin this person's share of the jobs, and cancel each in another state."""
    told = []
    moments = [at_once, at_work, between_attempts, at_the_end, too_late]
    for number in range(JOBS // PEOPLE):
        moment = moments[number % len(moments)]
        long = moment in (at_work, between_attempts)
        clip = clips.tone(LONG if long else random.randint(1, 4), random.randrange(200, 2000, 200))
        job_id = await person.begin(clip)
        await moment(person, job_id, random)
        before = await person.state(job_id)
        told.append(Told(job_id, person, clip, before, await person.cancel(job_id)))
    return told


async def at_once(person: Person, job_id: str, random: Random) -> None:
    """Cancel while it waits, most likely."""


async def at_work(person: Person, job_id: str, random: Random) -> None:
    await until(person, job_id, {State.CONVERTING})


async def between_attempts(person: Person, job_id: str, random: Random) -> None:
    await until(person, job_id, {State.RETRYING})


async def at_the_end(person: Person, job_id: str, random: Random) -> None:
    await until(person, job_id, {State.CONVERTING})
    await asyncio.sleep(random.uniform(0, 0.6))  # the moment is the point


async def too_late(person: Person, job_id: str, random: Random) -> None:
    await until(person, job_id, SETTLED)


Moment = Callable[[Person, str, Random], Awaitable[None]]


async def until(person: Person, job_id: str, states: set[State] | frozenset[State]) -> None:
    """Wait for one of the states, or for the end."""

    async def there() -> bool:
        return await person.state(job_id) in states | SETTLED

    await wait_for(there, 180, f"job {job_id} is {states}")


async def cancel_in_peace(stack: Stack, person: Person, clips: Clips) -> Told:
    """Cancel a job at work while nothing is killed, and print for how long its ffmpeg ran on."""
    clip = clips.tone(LONG)
    job_id = await person.begin(clip)
    await wait_for(lambda: ffmpegs_of(stack), 60, "an ffmpeg runs")
    cancelled = await person.cancel(job_id)
    began = asyncio.get_running_loop().time()
    await wait_for(lambda: not ffmpegs_of(stack), 30, "no ffmpeg runs")
    print(f"ffmpeg was gone {asyncio.get_running_loop().time() - began:.3f} s after the answer")
    return Told(job_id, person, clip, State.CONVERTING, cancelled)


async def kill_ffmpeg(stack: Stack, shares: "list[asyncio.Task[list[Told]]]") -> int:
    """Kill an ffmpeg once in a while, which is trouble of ours, so that its job is tried again."""
    count = 0
    while not all(share.done() for share in shares):
        await asyncio.wait(shares, timeout=2.0)
        for pid in ffmpegs_of(stack)[:1]:
            os.kill(pid, signal.SIGKILL)
            count += 1
    return count


def ffmpegs_of(stack: Stack) -> list[int]:
    """Return the processes of ffmpeg that the stack's converters have."""
    found = [process.partition(" ") for process in stack.processes()]
    return [int(pid) for pid, _, command in found if Path(command.split(" ")[0]).name.startswith("ffmpeg")]


async def kill_everything(stack: Stack) -> None:
    """Kill all services and servers at once."""
    for name in stack.parts():
        if (pid := stack.pid(name)) is not None:
            os.kill(pid, signal.SIGKILL)
    await wait_for(lambda: not all(part.phase == "ready" for part in stack.parts().values()), 30)


async def has_ended(told: Told) -> bool:
    """Tell if the job is over, and its mail is sent where there is one."""
    state = await told.owner.state(told.job_id)
    return state in SETTLED and state is not State.CONVERTED


async def as_shown(told: Told) -> Upload:
    """Return what the checker wants to know of a job, with its audio as it comes down."""
    return Upload(
        key=told.job_id,
        job_id=told.job_id,
        expected=State.CANCELLED if told.cancelled else told.clip.expected,
        owner=told.owner.email,
        sha256=told.clip.sha256,
        audio_sha256=None
        if told.cancelled
        else hashlib.sha256(await told.owner.audio(told.job_id)).hexdigest(),
    )


async def everybodys(people: list[Person], state: State) -> set[str]:
    return set().union(*[await person.in_state(state) for person in people])


def mails_about(world: World, job_ids: set[str]) -> list[str]:
    """Return the mails that tell of an end of these jobs."""
    ends = {r.event.id: r.event.subject for r in world.log if r.event.subject in job_ids}
    return [mail.subject for mail in world.mails if mail.message_id.strip("<>").partition("@")[0] in ends]


async def ledger(stack: Stack) -> int:
    """Return the exit code of `tonearm replay effects`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "replay", "effects", "--grace", "0", "--sweep-grace", "0"),
        env={**os.environ, **stack.settings, **stack.environment},
    )
    return await process.wait()
