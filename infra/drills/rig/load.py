"""People at work: some upload and follow their jobs, one looks at lists, one signs in again and again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random

from infra.drills.rig.checker import Upload
from infra.drills.rig.clips import Clip, Clips
from infra.drills.rig.people import Person

LOOK_EVERY, SIGN_IN_EVERY = 0.1, 1.0
"""Seconds."""


class Load:
    """The requests of all people and their answers."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._people = people

    @property
    def uploads(self) -> list[Upload]:
        """Every upload that was seen to its end."""
        return [upload for person in self._people for upload in person.history]

    @property
    def answers(self) -> Counter[str]:
        """The number of each kind of answer."""
        return sum((person.answers for person in self._people), Counter())


@asynccontextmanager
async def under_load(url: str, clips: Clips, *, uploaders: int, seed: int = 1) -> AsyncIterator[Load]:
    """Keep people at work for the block. It ends when each job that was begun has come to its end."""
    people = [Person(url, f"person-{number}@example.org") for number in range(uploaders + 1)]
    over = asyncio.Event()
    try:
        await asyncio.gather(*(person.register() for person in people))
        async with asyncio.TaskGroup() as tasks:
            *uploading, visitor = people
            for person in uploading:
                tasks.create_task(_upload(person, clips, Random(f"{seed} {person.email}"), over))
            tasks.create_task(_every(LOOK_EVERY, visitor.look, over))
            tasks.create_task(_every(SIGN_IN_EVERY, visitor.sign_in, over))
            try:
                yield Load(people)
            finally:
                over.set()
    finally:
        for person in people:
            await person.close()


async def _upload(person: Person, clips: Clips, random: Random, over: asyncio.Event) -> None:
    while not over.is_set():
        await person.convert(any_clip(clips, random))


def any_clip(clips: Clips, random: Random) -> Clip:
    """Return a clip by chance: mostly tones, some larger, some that no sound can be made of."""
    tone = clips.tone(random.randint(1, 6), random.randrange(200, 2000, 200))
    return random.choices([tone, clips.noise(), clips.silent(), clips.text()], [6, 2, 1, 1])[0]


async def _every(seconds: float, act: Callable[[], Awaitable[None]], over: asyncio.Event) -> None:
    while not over.is_set():
        await act()
        await asyncio.sleep(seconds)
