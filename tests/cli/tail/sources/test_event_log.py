"""With the real broker, and the tool as a process."""

import asyncio
import contextlib
import json
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
from making import uploaded

from cli.tail.sources.event_log import EventLog
from events.envelope import Event, job_event
from events.errors import NotConfirmed
from events.ids import new_id
from events.log import topology
from events.log.bounds import bounds
from events.log.publisher import Publisher
from events.log.reader import StreamReader
from events.log.stream import First
from events.privacy.job_keys import JobKeys
from events.types import JobFailed, JobStarted

pytestmark = pytest.mark.servers


def started(job, attempt, *, time=None):
    payload = JobStarted(run=1, attempt=attempt, worker="w")
    return job_event(payload, job_id=job, account="a", source="converter", time=time)


async def publish(url, events):
    async with Publisher(url, name="test") as publisher:
        for event in events:
            await publish_surely(publisher, event)


async def publish_surely(publisher: Publisher, event: Event) -> None:
    """As a service does: the same event again until the broker says yes."""
    while True:
        with contextlib.suppress(NotConfirmed):
            return await publisher.publish(event)


async def offsets_held(url):
    """Every offset that the log holds, by another reader."""
    ends, offsets = await bounds(url), []
    async with aclosing(StreamReader(url, First()).batches()) as batches:
        async for batch in batches:
            offsets += [raw.offset for raw in batch]
            if offsets[-1] >= ends.last:
                break
    return offsets


def attempts(running):
    return [record["attempt"] for record in running.shown]


async def test_since_before_all_calendars_is_from_the_beginning(broker, finished):
    await topology.declare(broker.url)
    await publish(broker.url, [started(new_id(), 7)])
    run = await finished(
        "--no-follow", "--only=events", "--format=json", "--since=999999999d", STREAM_URL=broker.stream_url
    )
    assert "Traceback" not in "".join(run.err)
    assert attempts(run) == [7]


async def test_events_and_logs_are_one_story(broker, finished, tmp_path):
    await topology.declare(broker.url)
    job, now = new_id(), datetime.now(UTC)
    failed = JobFailed(run=1, attempt=1, code="no_audio", message="There is no sound in it.")
    await publish(
        broker.url,
        [
            started(job, 1, time=now - timedelta(seconds=30)),
            job_event(failed, job_id=job, account="a", source="converter", time=now - timedelta(seconds=10)),
            started(new_id(), 1, time=now),
        ],
    )
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "converter.jsonl").write_text(
        "".join(
            json.dumps({"timestamp": (now - timedelta(seconds=ago)).isoformat(), "event": event, **fields})
            + "\n"
            for ago, event, fields in [
                (20, "ffmpeg_ended", {"job_id": job}),
                (15, "other", {"job_id": new_id()}),
            ]
        )
    )
    environment = {"STREAM_URL": broker.stream_url, "LOCAL_DIR": str(tmp_path)}
    run = await finished("--job", job, "--no-follow", "--format=json", **environment)
    assert [r["event"] for r in run.shown] == ["job.started", "ffmpeg_ended", "job.failed"]
    assert [r["service"] for r in run.shown] == ["log", "converter", "log"]
    assert run.err == []
    last = new_id()
    await publish(broker.url, [uploaded(new_id()), uploaded(job), uploaded(last)])
    run = await finished("--job", "@-1", "--no-follow", "--format=json", **environment)
    assert [r["subject"] for r in run.shown] == [last]
    run = await finished("--no-follow", "--level=error+", "--only=events", "--format=json", **environment)
    assert [r["event"] for r in run.shown] == ["job.failed"]


async def test_what_people_typed_is_shown_to_who_reaches_the_database_also_as_it_comes(
    broker, database, mongodb_url, tail, finished
):
    await topology.declare(broker.url)
    async with Publisher(broker.url, name="test", keys=JobKeys(database)) as publisher:
        await publisher.publish(uploaded(new_id(), "canary of Anna.mp4"))
        environment = {"STREAM_URL": broker.stream_url}
        blind = await finished("--no-follow", "--only=events", "--format=json", **environment)
        assert [record["filename"] for record in blind.shown] == [""]
        assert "what people typed stays sealed" in "".join(blind.err)
        async with tail("--only=events", "--format=json", MONGODB_URL=mongodb_url, **environment) as run:
            await run.until("canary of Anna.mp4")
            await publisher.publish(uploaded(new_id(), "canary of Bert.mp4"))
            await run.until("canary of Bert.mp4")


async def test_history_can_begin_at_the_last_n_that_match_or_at_a_time(broker, finished):
    await topology.declare(broker.url)
    rare, common, now = new_id(), new_id(), datetime.now(UTC)
    events = [started(rare, n, time=now - timedelta(minutes=500 - n)) for n in range(1, 4)]
    events += [started(common, n, time=now - timedelta(minutes=400 - n)) for n in range(1, 301)]
    await publish(broker.url, events)
    environment = {"STREAM_URL": broker.stream_url}
    arguments = ["--no-follow", "--only=events", "--format=json"]
    run = await finished(*arguments, "-n", "5", **environment)
    assert attempts(run) == [296, 297, 298, 299, 300]
    run = await finished(*arguments, "-n", "2", "--field", f"subject={rare}", **environment)
    assert attempts(run) == [2, 3]
    run = await finished(
        *arguments, "--since", (now - timedelta(minutes=102, seconds=30)).isoformat(), **environment
    )
    assert attempts(run) == [298, 299, 300]


async def test_a_log_that_is_empty_or_older_than_since_is_followed_at_once(broker, tail, finished):
    await topology.declare(broker.url)
    arguments = ["--only=events", "--format=json"]
    async with tail(*arguments, STREAM_URL=broker.stream_url) as running:
        await publish(broker.url, [started(new_id(), 1, time=datetime.now(UTC) - timedelta(hours=5))])
        await running.until("job.started")
    async with tail(*arguments, "--since=1h", STREAM_URL=broker.stream_url) as running:
        await publish(broker.url, [started(new_id(), 2)])
        await running.until("job.started")
        assert attempts(running) == [2]
    run = await finished(*arguments, "--no-follow", "--since=0s", STREAM_URL=broker.stream_url)
    assert attempts(run) == []


async def test_history_and_following_meet_without_a_gap_or_a_repetition(broker, tail):
    await topology.declare(broker.url)
    job = new_id()

    async def keep_publishing():
        await publish(broker.url, [started(job, n) for n in range(1, 601)])

    publishing = asyncio.create_task(keep_publishing())
    async with tail("--only=events", "-n", "all", "--format=json", STREAM_URL=broker.stream_url) as running:
        await running.until('"attempt":600,')
        await publishing
        assert attempts(running) == list(range(1, 601))


async def test_what_comes_while_history_is_read_is_not_history_and_not_lost(broker):
    await topology.declare(broker.url)
    job, log = new_id(), EventLog(broker.stream_url, print)
    await publish(broker.url, [started(job, n) for n in (1, 2)])
    await log.find()
    await publish(broker.url, [started(job, n) for n in (3, 4)])
    history = [r.fields["attempt"] async for r in log.history(None, None, lambda _: True)]
    live: list[int] = []
    async with asyncio.timeout(30):
        async for records in log.live():
            live += [record.fields["attempt"] for record in records]
            if 4 in live:
                break
    await log.close()
    assert (history, live) == ([1, 2], [3, 4])


@pytest.mark.long
async def test_a_restart_of_the_broker_is_survived_and_said(private_rabbitmq, tail):
    node = private_rabbitmq
    await topology.declare(node.amqp_url)
    job, restarted = new_id(), asyncio.Event()

    async def keep_publishing():
        async with Publisher(node.amqp_url, name="test") as publisher:
            for attempt in range(1, 1_000_000):
                await publish_surely(publisher, started(job, attempt))
                if restarted.is_set():
                    return attempt
        raise AssertionError

    async with tail("--only=events", "-n", "all", "--format=json", STREAM_URL=node.stream_url) as running:
        publishing = asyncio.create_task(keep_publishing())
        await running.until('"attempt":50,')
        await node.restart()
        await running.until("-- event log: reconnected", err=True, timeout=90)
        restarted.set()
        final = await publishing
        await running.until(f'"attempt":{final},')
    assert [record["offset"] for record in running.shown] == await offsets_held(node.stream_url)
    assert running.err[0].startswith("-- event log: disconnected (")
    assert running.err[0].endswith("), reconnecting")
    assert running.err[1:] == ["-- event log: reconnected"]


@pytest.mark.long
async def test_a_broker_that_comes_later_is_found_and_logs_are_shown_until_then(
    private_rabbitmq, tail, tmp_path
):
    node = private_rabbitmq
    await topology.declare(node.amqp_url)
    await publish(node.amqp_url, [started(new_id(), 1, time=datetime.now(UTC) - timedelta(hours=1))])
    await node.stop()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").write_text("a line\n")
    async with tail("--format=json", STREAM_URL=node.stream_url, LOCAL_DIR=str(tmp_path)) as running:
        await running.until("a line")
        await running.until("), showing logs only until it is back", err=True)
        await node.start()
        await running.until("-- event log: reconnected", err=True, timeout=60)
        await publish(node.amqp_url, [started(new_id(), 2)])
        await running.until("job.started")
    assert [r.get("attempt") for r in running.shown] == [None, 2]
