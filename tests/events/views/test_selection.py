"""A page of a selection holds the same jobs whether the database has looked for them or nobody has."""

import random
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Recorded, job_event
from events.ids import earliest_id, new_id
from events.options import Format, Options, Tags
from events.projections.job_view import JobView, State
from events.projections.jobs import fold
from events.types import (
    DeletionReason,
    JobDeleted,
    JobLinked,
    JobPayload,
    JobStarted,
    JobUnlinked,
    JobUploaded,
)
from events.views.selection import EVERY, Selection, family_of
from events.views.store import JobViews
from events.wishes import value

ME = "account"
NAMES = [
    "Talk 1.mp4",
    "talk.MOV",
    'a "quoted" talk.mp4',
    "back\\slash.mkv",
    "Straße.mp4",
    "ÜBUNG.mp4",
    "(.*)+$.mp4",
]
NAMES += ["filename.mp4", "n.mp4", '","filename":"talk', "\u202ezero\u0007.mp4"]
NOW = datetime.now(UTC)


def views_of(chance: random.Random) -> list[JobView]:
    made: list[JobView] = []
    ago = sorted((10 ** chance.uniform(0, 7) for _ in range(60)), reverse=True)
    for n, seconds in enumerate(ago):
        began = NOW - timedelta(seconds=seconds)
        job_id = earliest_id(began)[:24] + f"{chance.getrandbits(48):012x}"
        payload = JobUploaded(
            filename=chance.choice(NAMES),
            content_type="video/mp4",
            bytes=7,
            sha256="0",
            video_id=job_id,
            family=family_of(chance.choice(made)) if made and chance.random() < 0.5 else "",
        )
        created = began + timedelta(seconds=chance.choice([0, 1, 3600]))
        events = [Recorded(2 * n, job_event(payload, job_id=job_id, account=ME, source="test", time=created))]
        if chance.random() < 0.5:
            started = job_event(
                JobStarted(run=1, attempt=1, worker="w"),
                job_id=job_id,
                account=ME,
                source="test",
                time=created,
            )
            events.append(Recorded(2 * n + 1, started))
        view = fold(events)
        assert view is not None
        made.append(view)
    return sorted(made, key=lambda view: view.job_id, reverse=True)


def wanted(
    view: JobView, state: State | None, name: str, family: str, since: datetime | None, until: datetime | None
) -> bool:
    return (
        (state is None or view.state is state)
        and name.lower() in view.filename.lower()
        and (family == "" or family in (view.job_id, view.video and view.video.family))
        and (since is None or since <= view.created)
        and (until is None or view.created < until)
    )


async def test_the_database_finds_what_is_selected_and_nothing_else(database: AsyncDatabase[Any]) -> None:
    chance = random.Random(1)  # noqa: S311
    views = views_of(chance)
    store = await JobViews(database).live()
    await store.prepare()
    await store.save(views)
    one, other = chance.sample(views, 2)
    found_some = 0
    for state, name, family, since, until in product(
        (None, State.UPLOADED),
        ("", "TALK", '"', "\\", "ü", "(.*)+$", "n", "\0" * 200),
        ("", family_of(one)),
        (None, other.created),
        (None, one.created, one.created + timedelta(microseconds=1)),
    ):
        selection = Selection(state=state, name=name, family=family, since=since, until=until)
        right = [view.job_id for view in views if wanted(view, state, name, family, since, until)]
        assert [view.job_id for view in views if selection.has(view)] == right, selection
        assert [view.job_id for view in await store.page(ME, selection, None, 99)] == right, selection
        assert {job_id async for job_id, _ in store.states(ME, selection)} == set(right), selection
        found_some += bool(right)
        if right:
            first = await store.page(ME, selection, None, 1)
            assert [view.job_id for view in first] == right[:1]
            rest = await store.page(ME, selection, right[0], 99)
            assert [view.job_id for view in rest] == right[1:]
    assert found_some > 20


async def test_jobs_of_a_video_are_found_by_its_hash(database: AsyncDatabase[Any]) -> None:
    hashes = ["a" * 64, "b" * 64, "a" * 64, "a" * 64]
    views = [
        fold(
            [
                Recorded(
                    n,
                    job_event(
                        replace(uploaded(Options()), sha256=each),
                        job_id=new_id(),
                        account=whose,
                        source="test",
                    ),
                )
            ]
        )
        for n, (each, whose) in enumerate(zip(hashes, (ME, ME, ME, "another"), strict=True))
    ]
    store = await JobViews(database).live()
    await store.prepare()
    await store.save(view for view in views if view)
    names = [view.job_id for view in views if view]
    for account, selection, right in (
        (ME, Selection(video="a" * 64), [2, 0]),
        (ME, Selection(video="a" * 64, options=(("format", Format.MP3),)), [2, 0]),
        (ME, Selection(video="a" * 64, state=State.FAILED), []),
        (ME, Selection(video="c" * 64), []),
        ("another", Selection(video="a" * 64), [3]),
        (None, Selection(video="a" * 64), [3, 2, 0]),
    ):
        found = [view.job_id for view in await store.page(account, selection, None, 99)]
        assert found == [names[n] for n in right], selection
        if account:
            assert {job_id async for job_id, _ in store.states(account, selection)} == set(found)


async def test_jobs_are_found_that_a_link_leads_to_now(database: AsyncDatabase[Any]) -> None:
    """A name that looks like a link is none; expired links, and those that were taken back, lead nowhere."""
    soon, late = NOW + timedelta(hours=1), NOW + timedelta(days=1)
    ends = {
        "none": [],
        '","links":[{': [],
        "expired": [JobLinked(link_id="a", expires=NOW - timedelta(hours=1))],
        "taken back": [JobLinked(link_id="b", expires=late), JobUnlinked(link_id="b")],
        "soon": [JobLinked(link_id="c", expires=soon)],
        "late": [JobLinked(link_id="d", expires=soon), JobLinked(link_id="e", expires=late)],
    }
    views = []
    for name, payloads in ends.items():
        job_id = new_id()
        told: list[JobPayload] = [replace(uploaded(Options()), filename=name), *payloads]
        events = [job_event(each, job_id=job_id, account=ME, source="test") for each in told]
        views.append(fold(Recorded(n, event) for n, event in enumerate(events)))
    store = await JobViews(database).live()
    await store.prepare()
    await store.save(view for view in views if view)
    for now, right in ((NOW, ["late", "soon"]), (soon, ["late"]), (late, [])):
        selection = Selection(linked=now)
        assert [view.filename for view in await store.page(ME, selection, None, 99)] == right
        assert len([each async for each in store.states(ME, selection)]) == len(right)


async def test_nobody_finds_a_deleted_job_by_what_was_said_in_it(database: AsyncDatabase[Any]) -> None:
    """Its words are erased a moment later, and until then a search would tell them."""
    job_id = new_id()
    payloads: list[JobPayload] = [uploaded(Options()), JobDeleted(reason=DeletionReason.USER)]
    events = [job_event(each, job_id=job_id, account=ME, source="test") for each in payloads]
    view = fold(Recorded(n, event) for n, event in enumerate(events))
    assert view is not None
    store = await JobViews(database).live()
    await store.prepare()
    await store.save([view])
    deleted = Selection(state=State.DELETED)
    assert await store.page(ME, deleted, None, 99) == [view]
    assert await store.page(ME, replace(deleted, name="a word", spoken=frozenset({job_id})), None, 99) == []


async def test_jobs_are_found_by_every_kind_of_option(database: AsyncDatabase[Any]) -> None:
    made = [
        Options(),
        Options(format=Format.FLAC, start=10.0, trim_silence=True),
        Options(sample_rate=44100, speed=1.25, tags=Tags(title='a "quoted" talk', artist="")),
        Options(language="de", partial=True, tags=Tags(comment='","format":"flac')),
        Options(format=Format.OGG, partial=False, tags=Tags(album="(" * 500)),
    ]
    views = [
        fold([Recorded(n, job_event(uploaded(options), job_id=new_id(), account=ME, source="test"))])
        for n, options in enumerate(made)
    ]
    store = await JobViews(database).live()
    await store.prepare()
    await store.save(view for view in views if view)
    for wanted, right in (
        ({"format": "flac"}, [1]),
        ({"format": "mp3"}, [0, 2, 3]),
        ({"format": "flac", "start": "0:10"}, [1]),
        ({"trim_silence": "true"}, [1]),
        ({"trim_silence": "false"}, [0, 2, 3, 4]),
        ({"sample_rate": "44.1 kHz"}, [2]),
        ({"sample_rate": ""}, [0, 1, 3, 4]),
        ({"speed": "1.25x"}, [2]),
        ({"title": 'a "quoted" talk'}, [2]),
        ({"artist": ""}, [2]),
        ({"comment": '","format":"flac'}, [3]),
        ({"language": "de", "partial": "yes"}, [3]),
        ({"language": "d"}, []),
        ({"album": "(" * 500}, [4]),
        ({"album": "(" * 499}, []),
    ):
        selection = Selection(options=tuple((name, value(name, text)) for name, text in wanted.items()))
        found = {view.job_id for view in await store.page(ME, selection, None, 99)}
        assert found == {view.job_id for n, view in enumerate(views) if view and n in right}, wanted
        assert {job_id async for job_id, _ in store.states(ME, selection)} == found


def uploaded(options: Options) -> JobUploaded:
    return JobUploaded(
        filename="talk.mp4",
        content_type="video/mp4",
        bytes=7,
        sha256="0",
        video_id=new_id(),
        options=options,
    )


async def test_a_name_is_found_however_its_letters_are_composed(database: AsyncDatabase[Any]) -> None:
    store = await JobViews(database).live()
    await store.prepare()
    await store.save(views_of(random.Random(7)))  # noqa: S311
    composed = await store.page(ME, Selection(name="\u00fcbung"), None, 99)
    apart = await store.page(ME, Selection(name="u\u0308bung"), None, 99)
    assert composed
    assert composed == apart


@pytest.mark.parametrize("time", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])
def test_any_time_has_bounds(time: datetime) -> None:
    first, last = Selection(since=time, until=time).bounds()
    assert UUID(first)
    assert UUID(last)
    assert EVERY.bounds() == ("", None)
