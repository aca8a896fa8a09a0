"""Pages of jobs, some stored, some only in the tail, some stored in a state they have left."""

import itertools
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.asynchronous.database import AsyncDatabase
from structlog.testing import capture_logs

from events.envelope import Recorded, job_event
from events.ids import earliest_id, new_id
from events.projections.job_view import JobView, State
from events.projections.jobs import fold
from events.types import JobPayload, JobUploaded
from events.views.selection import EVERY, Selection
from events.views.store import DAMAGED, JobViews, ViewStore, _ranges
from gateway.jobs import cursors
from gateway.jobs.listing import counts, page
from gateway.jobs.live import LiveJobs
from gateway.jobs.recent import RecentEvents
from tests.gateway.running import FAILED, STARTED
from tests.gateway.upkeep.world import uploaded

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
    live = LiveJobs(views, "not followed here")
    live.recent = RecentEvents(-1)
    for recorded in log[max(0, checkpoint - 5) :]:  # the tail may overlap with what is stored
        live.recent.add(recorded, 0.0)

    now = sorted(folded(log).values(), key=lambda view: view.job_id, reverse=True)
    mine = Counter(view.state for view in now if view.account == ME)
    assert +await counts(live, views, ME, EVERY) == mine
    states = (None, State.UPLOADED, State.CONVERTING, State.FAILED)
    for account, state in itertools.product((ME, None), states):
        wanted = [view for view in now if account in (None, view.account) and state in (None, view.state)]
        for limit in (1, 3, 7, 200):
            got: list[JobView] = []
            before: str | None = None
            while True:
                items, cursor = await page(
                    live, views, account=account, selection=Selection(state=state), before=before, limit=limit
                )
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
    live = LiveJobs(views, "not followed here")
    live.recent = RecentEvents(-1)
    for offset, (account, payload) in enumerate([(OTHER, uploaded(job_id)), (ME, STARTED)]):
        event = job_event(payload, job_id=job_id, account=account, source="test")
        live.recent.add(Recorded(offset, event), 0.0)
    for account in (ME, OTHER):
        items, _ = await page(live, views, account=account, selection=EVERY, before=None, limit=9)
        assert [view.account for view in items] in ([], [account])


@pytest.mark.parametrize("seed", range(3))
async def test_a_page_may_begin_anywhere(database: AsyncDatabase[Any], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    jobs = [id_made(chance) for _ in range(20)]
    views = folded([told(offset, ME, uploaded(job_id)) for offset, job_id in enumerate(jobs)])
    store = await JobViews(database).live()
    await store.prepare()
    await store.save(views.values())
    for before in [*jobs, *(id_made(chance) for _ in range(20)), str(UUID(int=0)), str(UUID(int=2**128 - 1))]:
        older = sorted((job_id for job_id in jobs if job_id < before), reverse=True)
        for limit in (1, 5, 99):
            got = await store.page(ME, EVERY, before, limit)
            assert [view.job_id for view in got] == older[:limit]


async def test_a_view_that_cannot_be_read_hides_no_other_and_is_told(database: AsyncDatabase[Any]) -> None:
    jobs = sorted((new_id() for _ in range(12)), reverse=True)
    store = await JobViews(database).live()
    await store.prepare()
    await store.save(folded([told(at, ME, uploaded(job_id)) for at, job_id in enumerate(jobs)]).values())
    live, damaged = LiveJobs(JobViews(database), "not followed here"), {*jobs[:2], jobs[5], jobs[11]}
    live.recent = RecentEvents(-1)
    for job_id in damaged:
        await database[store.name].update_one({"_id": job_id}, {"$set": {"view": "{"}})
    seen, before = [], None
    with capture_logs() as logged:
        while True:
            items, more = await page(
                live, JobViews(database), account=ME, selection=EVERY, before=before, limit=3
            )
            seen += [view.job_id for view in items]
            if more is None:
                break
            before = seen[-1]
    assert seen == [job_id for job_id in jobs if job_id not in damaged]
    assert {each["job_id"] for each in logged if each["event"] == "view_damaged"} == damaged
    assert damaged <= DAMAGED


instants = st.datetimes(datetime(1971, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))


@given(now=instants, before=st.one_of(st.none(), st.uuids().map(str), instants.map(earliest_id)))
def test_whatever_the_clock_says_no_place_is_left_out_and_none_is_looked_at_twice(
    now: datetime, before: str | None
) -> None:
    ranges = list(_ranges("a", before, now))
    assert ranges[0][1] == ("a0" if before is None else f"a/{before}")
    assert [lower for lower, _ in ranges[:-1]] == [upper for _, upper in ranges[1:]]
    assert all(lower < upper for lower, upper in ranges)
    assert ranges[-1][0] == "a/"


async def test_jobs_that_both_memory_and_the_database_know_cost_one_look(
    database: AsyncDatabase[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = [told(offset, ME, uploaded(new_id())) for offset in range(50)]
    views, live = JobViews(database), LiveJobs(JobViews(database), "not followed here")
    store = await views.live()
    await store.prepare()
    await store.save(folded(log).values())
    live.recent = RecentEvents(-1)
    for recorded in log:
        live.recent.add(recorded, 0.0)
    looks, look = [], ViewStore.page

    async def counted(*args: Any) -> list[JobView]:
        looks.append(args)
        return await look(*args)

    monkeypatch.setattr(ViewStore, "page", counted)
    items, _ = await page(live, views, account=ME, selection=EVERY, before=None, limit=3)
    assert [view.job_id for view in items] == [each.event.subject for each in log[:-4:-1]]
    assert len(looks) == 1


async def test_a_page_of_a_state_goes_on_behind_stored_jobs_that_have_left_it(
    database: AsyncDatabase[Any],
) -> None:
    old, newer, left, gone, newest = [told(offset, ME, uploaded(new_id())) for offset in range(5)]
    views, live = JobViews(database), LiveJobs(JobViews(database), "not followed here")
    store = await views.live()
    await store.prepare()
    await store.save(folded([old, newer, left, gone]).values())
    live.recent = RecentEvents(3)
    live.recent.add(newest, 0.0)
    for offset, job_id in enumerate((left.event.subject, gone.event.subject), 5):
        event = job_event(FAILED, job_id=job_id, account=ME, source="test")
        live.recent.add(Recorded(offset, event), 0.0)
    items, cursor = await page(
        live, views, account=ME, selection=Selection(state=State.UPLOADED), before=None, limit=1
    )
    assert [view.job_id for view in items] == [newest.event.subject]
    assert cursor is not None
    items, _ = await page(
        live,
        views,
        account=ME,
        selection=Selection(state=State.UPLOADED),
        before=cursors.decode(cursor),
        limit=9,
    )
    assert [view.job_id for view in items] == [newer.event.subject, old.event.subject]


def id_made(chance: random.Random) -> str:
    """Return an id made seconds to months ago, or by a clock that is ahead, or one that tells no time."""
    if chance.random() < 0.1:
        return str(UUID(int=chance.getrandbits(128), version=4))
    ago = timedelta(seconds=chance.choice([1, 1, 1, -1]) * 10 ** chance.uniform(0, 7.5))
    return earliest_id(datetime.now(UTC) - ago)[:24] + f"{chance.getrandbits(48):012x}"


def told(offset: int, account: str, payload: JobUploaded) -> Recorded:
    job_id = payload.video_id
    return Recorded(offset, job_event(payload, job_id=job_id, account=account, source="test"))


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
