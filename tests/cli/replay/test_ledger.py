"""`replay effects` on a real log, real files and real notes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from making import event, uploaded
from pymongo import AsyncMongoClient

from cli.log.log import Log
from cli.replay.ledger.effects import Kind, Moment, Verdict
from cli.replay.ledger.ledger import Ledger
from events.envelope import account_event, consequence
from events.ids import new_id
from events.log import amqp, topology
from events.log.transient import TransientSender
from events.observers import Unobserved
from events.types import (
    AccountLetterRequested,
    AccountNotified,
    DeletionReason,
    FailureCode,
    JobConverted,
    JobDeleted,
    JobErased,
    JobFailed,
    JobNotified,
    Letter,
)
from service.presence import Presence
from tests.cli.replay.conftest import Replay

pytestmark = pytest.mark.servers
HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


def converted(audio_id: str) -> JobConverted:
    return JobConverted(
        run=1, attempt=2, audio_id=audio_id, bytes=9, sha256="0" * 64, duration_seconds=60.0, bit_rate=1,
        sample_rate=1, channels=2, seconds_spent=1.5, engine="e",
    )  # fmt: skip


async def store(replay: Replay, bucket: str, blob_id: str, job_id: str, **more: Any) -> None:
    metadata = {"job_id": job_id, "account": "a", **more}
    async with AsyncMongoClient[dict[str, Any]](replay.mongodb_url) as client:
        await client.get_default_database()[f"{bucket}.files"].insert_one(
            {"_id": blob_id, "length": 3, "chunkSize": 3, "uploadDate": HOUR_AGO, "metadata": metadata}
        )


async def note(replay: Replay, cause_id: str, about: str, *tries: tuple[int, str]) -> None:
    noted = {str(at): {"attempt": each, "outcome": how} for at, (each, how) in enumerate(tries)}
    async with AsyncMongoClient[dict[str, Any]](replay.mongodb_url) as client:
        await client.get_default_database()["mails"].insert_one(
            {"_id": cause_id, "about": about, "state": "sent", "tries": noted}
        )


async def empty_queues(replay: Replay) -> None:
    """Take the work away, as workers would have."""
    async with amqp.connected(replay.broker.url, name="test") as connection:
        channel = await connection.channel()
        for queue in topology.WORK_QUEUES:
            await channel.call("queue_purge", queue=queue)


async def test_the_ledger_is_clean_until_something_was_produced_twice_or_never(replay: Replay) -> None:
    job_id, account = new_id(), new_id()
    end = event(converted("audio-1"), job_id)
    asked = account_event(
        AccountLetterRequested(letter=Letter.VERIFY), account=account, source="test", occasion="1"
    )
    told = consequence(asked, AccountNotified(letter=Letter.VERIFY, message_id="<m@x>"), source="test")
    await replay.publish(
        uploaded(job_id),
        end,
        event(JobNotified(run=1, about="job.converted", message_id="<m@x>", attempt=2), job_id),
        asked,
        told,
    )
    await store(replay, "videos", job_id, job_id)
    await store(replay, "audio", "audio-1", job_id, run=1, attempt=2)
    await note(replay, end.id, job_id, (1, "refused"), (2, "sent"))
    await empty_queues(replay)
    clean = await replay("effects", "--grace", "0")
    assert clean.code == 0, clean.out
    assert clean.lines[-1].startswith("clean")

    effects = {
        (each["kind"], each["subject"]): each for each in (await replay("effects", "--json")).json[:-1]
    }
    mail = effects["mail", job_id]
    assert (mail["asked"], mail["produced"], mail["attempts"], mail["verdict"]) == (1, 1, [2], "done")
    assert effects["audio", job_id]["attempts"] == [2]
    assert effects["letter", account]["verdict"] == "done"

    await store(replay, "audio", "audio-2", job_id, run=1, attempt=1)
    left = await replay("effects", "--grace", "0")
    assert (left.code, left.lines[-1]) == (0, "left for the sweep: 1")
    twice = await replay("effects", "--grace", "0", "--sweep-grace", "0")
    assert twice.code == 1
    assert twice.lines[0] == (
        f"TWICE    audio   {job_id}  run 1, about job.uploaded, asked for 1, produced 2,"
        " by attempt 1 and 2, answered by job.converted"
    )
    assert twice.lines[-1] == "WRONG: 1 twice"
    *_, sums = (await replay("effects", "--grace", "0", "--json")).json
    assert (sums["sums"]["audio"]["left"], sums["sums"]["audio"]["twice"]) == (1, 0)

    lost = new_id()
    no_mail = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="no sound")
    await replay.publish(uploaded(lost), event(no_mail, lost))
    await empty_queues(replay)
    assert (await replay("effects", "--job", lost[:20])).code == 1, "its video is not there"
    await store(replay, "videos", lost, lost)
    assert (await replay("effects", "--job", lost)).code == 0, "its mail may still come"
    never = await replay("effects", "--job", lost, "--grace", "0")
    assert (never.code, never.lines[-1]) == (1, "WRONG: 1 never")


async def test_work_that_waits_or_is_under_way_is_not_missing(replay: Replay) -> None:
    waiting, busy = new_id(), new_id()
    await replay.publish(uploaded(waiting))
    await store(replay, "videos", waiting, waiting)
    assert (await replay("effects", "--grace", "0")).code == 0
    await empty_queues(replay)
    assert (await replay("effects", "--grace", "0")).code == 1

    async with TransientSender(replay.broker.url, name="test") as sender:
        presence = Presence(sender, kind="converter", slots=1)
        observer = presence.observer(topology.VIDEO, Unobserved())
        async with presence.shown():
            with observer.handling(uploaded(waiting), 1):
                found = await replay("effects", "--grace", "0")
    assert found.code == 0, found.out
    assert (await replay("effects", "--job", busy)).code == 4


async def test_what_happens_while_the_ledger_is_drawn_up_is_not_taken_for_wrong(replay: Replay) -> None:
    """Files and notes are read after the log: here the log grows between its end and those."""
    first, later, audio_id = new_id(), new_id(), new_id()
    await replay.publish(uploaded(first))
    log = Log(replay.broker.stream_url, lambda said: None)
    ends = await log.ends()
    assert ends is not None
    end = event(converted(audio_id), later)
    deleted = event(JobDeleted(reason=DeletionReason.USER), first)
    erased = consequence(deleted, JobErased(about=deleted.type, videos=1, audio=0), source="test")
    await replay.publish(uploaded(later), end, deleted, erased)
    await store(replay, "videos", later, later)
    await store(replay, "audio", audio_id, later, run=1, attempt=2)
    await note(replay, end.id, later, (1, "sent"))
    async with AsyncMongoClient[dict[str, Any]](replay.mongodb_url) as client:
        moment = Moment(now=datetime.now(UTC) + timedelta(hours=1), grace=timedelta())
        ledger = Ledger(
            log=log, database=client.get_default_database(), ends=ends, cut_at=None, moment=moment
        )
        verdicts = {(each.subject, each.kind): each.verdict async for each in ledger.effects()}
    assert verdicts == {
        (first, Kind.VIDEO): Verdict.DONE,
        (first, Kind.AUDIO): Verdict.ANSWERED,
        (first, Kind.ERASURE): Verdict.DONE,
        (later, Kind.VIDEO): Verdict.DONE,
        (later, Kind.AUDIO): Verdict.DONE,
        (later, Kind.MAIL): Verdict.DONE,
    }
