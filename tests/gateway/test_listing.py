"""Pages of jobs, some stored, some only in the tail, some stored in a state they have left."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Recorded, job_event
from events.ids import earliest_id, new_id
from events.projections.jobs import JobView, State, fold
from events.types import JobPayload
from events.views import JobViews
from gateway import cursors
from gateway.listing import page
from gateway.live import Live
from gateway.tail import Tail
from tests.gateway.running import FAILED, STARTED
from tests.gateway.test_sweeper import uploaded

ME, OTHER = new_id(), new_id()


@pytest.mark.parametrize("seed", range(6))
async def test_pages_are_the_list_of_jobs_as_they_stand_now(database: AsyncDatabase[Any], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    jobs = [id_made(chance) for _ in range(40)]
    owner = {job_id: chance.choice([ME, ME, OTHER]) for job_id in jobs}
    log = history(jobs, owner, chance)
    checkpoint = chance.randrange(len(log))
    views = JobViews(database)
    store = await views.live()
    await store.prepare()
    await store.save(folded(log[:checkpoint]).values())
    live = Live(views, "not followed here")
    live.tail = Tail(-1)
    for recorded in log[max(0, checkpoint - 5) :]:  # the tail may overlap with what is stored
        live.tail.add(recorded, 0.0)

    now = sorted(folded(log).values(), key=lambda view: view.job_id, reverse=True)
    for state in (None, State.UPLOADED, State.CONVERTING, State.FAILED):
        wanted = [view for view in now if view.account == ME and state in (None, view.state)]
        for limit in (1, 3, 7, 200):
            got: list[JobView] = []
            before: str | None = None
            while True:
                items, cursor = await page(live, views, account=ME, state=state, before=before, limit=limit)
                got += items
                assert len(items) <= limit
                if cursor is None:
                    break
                before = cursors.decode(cursor)
            assert [(view.job_id, view.state) for view in got] == [(v.job_id, v.state) for v in wanted]


async def test_another_accounts_job_is_not_listed_whoever_an_event_of_it_names(
    database: AsyncDatabase[Any],
) -> None:
    views, job_id = JobViews(database), new_id()
    await (await views.live()).prepare()
    live = Live(views, "not followed here")
    live.tail = Tail(-1)
    for offset, (account, payload) in enumerate([(OTHER, uploaded(job_id)), (ME, STARTED)]):
        event = job_event(payload, job_id=job_id, account=account, source="test")
        live.tail.add(Recorded(offset, event), 0.0)
    for account in (ME, OTHER):
        items, _ = await page(live, views, account=account, state=None, before=None, limit=9)
        assert [view.account for view in items] in ([], [account])


def id_made(chance: random.Random) -> str:
    """Return an id made within the last minutes, hours, days or months: pages are looked for by time."""
    ago = timedelta(seconds=10 ** chance.uniform(0, 7.5))
    return earliest_id(datetime.now(UTC) - ago)[:24] + f"{chance.getrandbits(48):012x}"


def history(jobs: list[str], owner: dict[str, str], chance: random.Random) -> list[Recorded]:
    stories: list[list[tuple[str, JobPayload]]] = []
    for job_id in jobs:
        story = [uploaded(job_id), STARTED, FAILED][: chance.randint(1, 3)]
        stories.append([(job_id, payload) for payload in story])
    log = []
    while stories:
        story = chance.choice(stories)
        job_id, payload = story.pop(0)
        event = job_event(
            payload, job_id=job_id, account=owner[job_id], source="test", time=datetime.now(UTC)
        )
        log.append(Recorded(len(log), event))
        stories = [each for each in stories if each]
    return log


def folded(log: list[Recorded]) -> dict[str, JobView]:
    by_job: dict[str, list[Recorded]] = {}
    for recorded in log:
        by_job.setdefault(recorded.event.subject, []).append(recorded)
    views = {job_id: fold(events) for job_id, events in by_job.items()}
    return {job_id: view for job_id, view in views.items() if view is not None}
