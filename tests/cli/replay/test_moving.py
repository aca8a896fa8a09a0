"""`replay requeue`, `export` and `import`: what leaves the log and what comes into it."""

import asyncio

import msgspec
import pytest
from making import event, uploaded
from msgspec.structs import replace
from waiting import wait_for

from cli.log.file import bodies
from cli.replay.import_log import GUARD
from cli.replay.views.versions import Version
from events.log import amqp, topology
from events.options import Format, Options, Tags
from events.projections.job_view import State
from events.types import FailureCode, JobFailed, JobRequeued
from events.work.turns import FIRST

pytestmark = pytest.mark.servers


def failed(job_id: str, code: FailureCode = FailureCode.INTERNAL, run: int = 1):
    return event(JobFailed(run=run, attempt=1, code=code, message="m"), job_id)


@pytest.fixture
async def failures(replay):
    """Three failed jobs and one that waits; nothing left in the work queues."""
    await replay.publish(
        *(uploaded(job_id) for job_id in ("j1", "j2", "j3", "j4")),
        *(failed("j1"), failed("j2", FailureCode.TIMED_OUT), failed("j3", FailureCode.TOO_LONG)),
    )
    await replay("rebuild", "--yes")
    return replay


async def requeues(replay) -> list[dict]:
    shown = await replay("show", "--type", "job.requeued", "--format", "jsonl")
    return [line["event"] for line in shown.json]


async def test_requeue_only_names_the_jobs_unless_told_to_do_it(failures):
    result = await failures("requeue", "--all-failed")

    assert [line.split()[0] for line in result.lines[:3]] == ["j1", "j2", "j3"]
    assert "dry run" in result.out
    assert await requeues(failures) == []


async def test_jobs_are_requeued_by_choice(failures):
    cases = [
        (["--job", "j2", "--job", "j3"], {"j2", "j3"}),
        (["--code", "timed_out", "--code", "internal"], {"j1", "j2"}),
        (["--since", "1h ago"], {"j1", "j2", "j3"}),
        (["@-2", "@-4"], {"j3", "j1"}),
        (["--since", "2099-01-01T00:00:00Z"], set()),
    ]
    published = 0
    for chosen, wanted in cases:
        result = await failures("requeue", *chosen, "--rate", "100/s", "--yes")

        assert result.code == 0, result.err
        told = (await requeues(failures))[published:]
        assert {each["subject"] for each in told} == wanted, chosen
        published += len(wanted)
        assert await failures.broker.depth("video") == 4 + published


@pytest.mark.parametrize("job", ["nobody", "@-5"])
async def test_a_job_that_there_is_not_is_said_to_be_nowhere(failures, job):
    result = await failures("requeue", "j1", job, "--yes")
    assert (result.code, result.out) == (4, "")
    assert await requeues(failures) == []


async def test_of_many_jobs_that_are_requeued_the_first_go_before_the_others(replay):
    jobs = [f"j{n}" for n in range(FIRST + 2)]
    await replay.publish(*map(uploaded, jobs), *map(failed, jobs))
    await replay("rebuild", "--yes")
    await replay("requeue", "--all-failed", "--rate", "100/s", "--yes")
    assert [await replay.broker.depth(queue) for queue in topology.VIDEOS] == [len(jobs) + FIRST, 2]


async def test_a_requeued_job_asks_for_what_it_asked_before(replay):
    wishes = Options(format=Format.OPUS, quality="96k", end=70.0, tags=Tags(title="A song"))
    first = uploaded("j1").payload()
    await replay.publish(event(replace(first, options=wishes, family="j0"), "j1"), failed("j1"))
    await replay("rebuild", "--yes")

    await replay("requeue", "--job", "j1", "--yes")

    (told,) = await requeues(replay)
    again = msgspec.convert(told["data"], JobRequeued)
    assert (again.options, again.family, again.video_id) == (wishes, "j0", "j1")


async def test_requeueing_goes_on_although_nobody_reads_what_it_says(failures):
    process = await failures.start("requeue", "--all-failed", "--rate", "1000/s", "--yes")
    process.stdout._transport.close()

    code = await process.wait()

    assert code == 0
    assert len(await requeues(failures)) == 3


async def test_requeueing_twice_is_one_run(failures, database):
    for _ in range(2):
        await failures("requeue", "--job", "j1", "--yes")

    told = await requeues(failures)
    assert len({each["id"] for each in told}) == 1
    assert told[0]["data"]["run"] == 2
    await failures("rebuild", "--yes")
    view = await Version(database, 3).get("j1")
    assert (view.state, view.run, len(view.timeline)) == (State.UPLOADED, 2, 3)
    again = await failures("requeue", "--job", "j1", "--yes")
    assert (again.code, "is uploaded, not failed" in again.err) == (70, True)


@pytest.mark.long
async def test_requeueing_keeps_to_its_rate(failures):
    process = await failures.start("requeue", "--all-failed", "--rate", "1/h", "--yes")

    async def first_is_there() -> bool:
        return len(await requeues(failures)) >= 1

    await wait_for(first_is_there, timeout=60)
    process.kill()
    await process.communicate()
    assert len(await requeues(failures)) == 1


@pytest.mark.parametrize("name", [pytest.param("log.jsonl", marks=pytest.mark.long), "log.jsonl.gz"])
async def test_an_exported_log_is_imported_as_it_was_without_work_being_done_again(
    replay, failures, tmp_path, name
):
    await replay.broker.put("events", b"not an event \xff")
    path = str(tmp_path / name)
    exported = await replay("export", path)
    before = (await replay("show", "--format", "raw")).out
    assert exported.code == 0, exported.err
    assert "8 events, offsets 0 to 7" in exported.out

    await replay.lose_log()
    dry = await replay("import", path)
    assert dry.code == 69  # nothing is declared yet, and a dry run does not declare it
    done = await replay("import", path, "--yes")

    assert done.code == 0, done.err
    assert (await replay("show", "--format", "raw")).out == before
    assert (await replay.broker.depth("video"), await replay.broker.depth("mp3")) == (0, 0)
    assert (await replay("verify")).code == 0
    assert "not empty" in (await replay("import", path, "--yes")).err
    assert (await replay("export", path)).code == 70, "an export never replaces a file unasked"


@pytest.mark.long
async def test_an_import_that_broke_off_goes_on(replay, tmp_path):
    await replay.generate(1500)
    path = tmp_path / "log.jsonl"
    await replay("export", str(path))
    await replay.lose_log()
    await replay.publish()
    for body in list(bodies(path))[:700]:
        await replay.broker.put("events", body)

    assert (await replay("import", str(path), "--yes")).code == 70
    result = await replay("import", str(path), "--resume", "--yes")

    assert "imported: 800 events" in result.out
    again = tmp_path / "again.jsonl"
    await replay("export", str(again))
    assert list(bodies(again)) == list(bodies(path))
    await replay.publish(uploaded("another"))
    refused = await replay("import", str(path), "--resume", "--yes")
    assert (refused.code, "another event than the file at offset 1500" in refused.err) == (70, True)


async def test_two_imports_at_once_are_one(replay, tmp_path):
    await replay.generate(300)
    path = tmp_path / "log.jsonl"
    await replay("export", str(path))
    await replay.lose_log()

    results = await asyncio.gather(*(replay("import", str(path), "--yes") for _ in range(3)))

    assert sorted(result.code for result in results) == [0, 70, 70]
    again = tmp_path / "again.jsonl"
    await replay("export", str(again))
    assert list(bodies(again)) == list(bodies(path))


async def test_an_import_waits_for_no_other(replay, tmp_path):
    path = tmp_path / "log.jsonl"
    await replay.publish(uploaded("j1"))
    await replay("export", str(path))
    await replay.lose_log()
    async with amqp.connected(replay.broker.url, name="another import") as connection:
        await (await connection.channel()).call("queue_declare", queue=GUARD, exclusive=True)

        result = await replay("import", str(path), "--yes")

    assert (result.code, "another import is at work" in result.err) == (70, True)


async def test_a_damaged_file_is_not_imported(replay, tmp_path):
    path = tmp_path / "log.jsonl"
    await replay.publish(uploaded("j1"))
    await replay("export", str(path))
    path.write_bytes(path.read_bytes().replace(b"j1", b"j9"))

    result = await replay("import", str(path), "--yes")

    assert (result.code, "SHA-256" in result.err) == (65, True), result.err
