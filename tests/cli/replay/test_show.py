"""`replay show`, `state` and `info`: what the log holds, at any place."""

import asyncio
import re
import signal
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from making import ACCOUNT, event, started, uploaded
from pymongo import AsyncMongoClient

from cli.replay.views.versions import Version
from events.envelope import decode, encode
from events.log.transient import TransientSender
from events.observers import Unobserved
from events.types import FailureCode, JobConverted, JobFailed
from service.presence import Presence, own_name
from tests.terminal import terminal

pytestmark = pytest.mark.servers

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)


def at(minute: int, told):
    return msgspec.structs.replace(told, time=EPOCH + timedelta(minutes=minute))


def converted(job_id: str):
    return event(
        JobConverted(
            run=1, attempt=1, audio_id="a", bytes=9, sha256="0" * 64, duration_seconds=60.0, bit_rate=1,
            sample_rate=1, channels=2, seconds_spent=1.5, engine="e", arguments=("-i", "in"),
        ),
        job_id,
    )  # fmt: skip


async def tell_three_jobs(replay):
    failed = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="no sound")
    await replay.publish(
        at(0, uploaded("j1")),
        at(1, uploaded("j2")),
        at(2, started("j1")),
        at(3, event(failed, "j2")),
        at(4, converted("j1")),
        at(5, msgspec.structs.replace(uploaded("j3"), account="other")),
    )
    return replay


@pytest.fixture(scope="module")
async def three_jobs(shared):
    """Six events, for tests that add none."""
    return await tell_three_jobs(shared)


async def seen(replay, *arguments: str) -> list[str]:
    result = await replay("show", "--template", "{type} {subject}", *arguments)
    assert result.code == (0 if result.out else 4), result.err
    assert bool(result.out) is not bool(re.search("nothing of this is in the log|there are", result.err))
    return [line.removeprefix("job.") for line in result.lines]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], ["uploaded j1", "uploaded j2", "started j1", "failed j2", "converted j1", "uploaded j3"]),
        (["--from", "last"], ["uploaded j3"]),
        (["--from", "-2"], ["converted j1", "uploaded j3"]),
        (["--from", "-99", "--limit", "1"], ["uploaded j1"]),
        (["--from", "3", "--to", "4"], ["failed j2", "converted j1"]),
        (["--to", "0"], ["uploaded j1"]),
        (["--from", "6"], []),
        (["--from", "2026-03-01T00:02:00Z", "--to", "2026-03-01T00:03:00Z"], ["started j1", "failed j2"]),
        (["--from", "2099-01-01T00:00:00Z"], []),
        (["--from", "2h ago"], []),
        (["--from", "10000000d ago", "--limit", "1"], ["uploaded j1"]),
        (["--type", "job.f*", "--type", "job.started"], ["started j1", "failed j2"]),
        (["--job", "j1", "--limit", "2"], ["uploaded j1", "started j1"]),
        (["j1", "j3"], ["uploaded j1", "started j1", "converted j1", "uploaded j3"]),
        (["j1", "--job", "j3", "--type", "job.uploaded"], ["uploaded j1", "uploaded j3"]),
        (["@-1"], ["uploaded j3"]),
        (["@-2"], ["uploaded j2", "failed j2"]),
        (["@-9"], []),
        (["\udcff"], []),
        (["--account", "\udcff"], []),
        (["-n", "2"], ["converted j1", "uploaded j3"]),
        (["-n", "2", "j2"], ["uploaded j2", "failed j2"]),
        (["-n", "9", "j3"], ["uploaded j3"]),
        (["-n", "3", "-c", "1"], ["failed j2"]),
        (["-n", "2", "--since", "2026-03-01T00:01:30Z", "--type", "job.[sf]*"], ["started j1", "failed j2"]),
        (["-n", "3", "--from", "5"], ["uploaded j3"]),
        (["-n", "1", "--from", "1", "--to", "3", "j1"], ["started j1"]),
        (["--since", "2026-03-01T00:03:30Z"], ["converted j1", "uploaded j3"]),
        (["--until", "2026-03-01 00:01Z"], ["uploaded j1", "uploaded j2"]),
        (["--since", "10m", "-e"], []),
        (["--account", ACCOUNT, "--type", "job.uploaded"], ["uploaded j1", "uploaded j2"]),
    ],
)
async def test_a_part_of_the_log_is_shown(three_jobs, arguments, wanted):
    assert await seen(three_jobs, *arguments) == wanted


async def test_what_ffmpeg_was_called_with_is_shown_to_who_asks(three_jobs):
    shown = {
        flags: (await three_jobs("show", "--from", "4", "--limit", "1", *flags)).out
        for flags in ((), ("-v",), ("--format", "jsonl"))
    }
    assert '"audio_id":"a"' in shown[()]
    assert [flags for flags in shown if '"arguments":["-i","in"]' in shown[flags]] == [*shown][1:]


async def test_every_format_tells_the_same_event(three_jobs):
    raw, jsonl, pretty = [
        (await three_jobs("show", "--from", "3", "--limit", "1", "--format", each))
        for each in ("raw", "jsonl", "pretty")
    ]

    told = decode(raw.out.strip().encode())
    assert jsonl.json[0]["event"]["id"] == told.id
    assert jsonl.json[0]["offset"] == 3
    assert "no_audio" in pretty.out
    assert "2026-03-01T00:03:00.000Z" in pretty.out


async def test_what_is_no_event_or_unknown_or_does_not_fit_is_shown_as_such(replay):
    await replay.publish(uploaded("j1"))
    unknown = msgspec.structs.replace(started("j1"), dataschema="urn:tonearm:event:job.started:7")
    misfit = msgspec.structs.replace(started("j1"), data=msgspec.Raw(b'{"run":"one"}'))
    for body in (b"\xff\x1b[2J not json", encode(unknown), encode(misfit), b'{"specversion":"1.0"}'):
        await replay.broker.put("events", body)

    result = await replay("show")
    state = await replay("state", "--job", "j1", "--trace")
    templated = await replay("show", "--template", "{offset}:{data[run]}:{problem:.7}")

    assert result.code == state.code == templated.code == 0
    kinds = ("not an event", "(unknown", "(invalid")
    assert [[kind for kind in kinds if kind in line] for line in result.lines] == [
        *([], ["not an event"], ["(unknown"], ["(invalid"], ["not an event"])
    ]
    assert "\x1b" not in result.out
    assert templated.lines[2] == "2:1:unknown"
    await replay("rebuild", "--yes")
    assert (await replay("verify")).code == 0


async def test_following_goes_on_after_the_end(replay):
    three_jobs = await tell_three_jobs(replay)
    process = await three_jobs.start("show", "--from", "last", "--follow", "--limit", "2", "--format", "raw")
    first = await process.stdout.readline()
    await three_jobs.publish(uploaded("later"))

    assert decode(first).subject == "j3"
    assert decode(await process.stdout.readline()).subject == "later"
    assert await process.wait() == 0


async def test_what_is_followed_up_to_a_time_ends_then(replay):
    await tell_three_jobs(replay)
    result = await replay("show", "-f", "--until", "now", "-o", "{subject}", timeout=30)
    assert (result.code, len(result.lines)) == (0, 6)


async def test_the_last_of_a_job_are_followed_by_what_comes(replay):
    await tell_three_jobs(replay)
    process = await replay.start("show", "j1", "-n", "1", "-f", "-c", "2", "-o", "{type} {subject}")
    assert await process.stdout.readline() == b"job.converted j1\n"
    await replay.publish(started("j2"), started("j1", 2))
    assert await process.stdout.readline() == b"job.started j1\n"
    assert await process.wait() == 0


async def test_a_reader_that_goes_away_ends_what_is_followed_though_nothing_comes(replay):
    await tell_three_jobs(replay)
    process = await replay.start("show", "-f", "-o", "raw")
    await process.stdout.readline()
    process.stdout._transport.close()

    async with asyncio.timeout(30):
        assert await process.wait() == 0


async def test_a_terminal_gets_no_control_character_in_any_format(replay):
    name = "\x7f\x9b2J\u202egpj.exe"
    await replay.publish(uploaded("j1", name))
    await replay.broker.put("events", b"\x1b[2J not an event \x9b")

    def shown(*words: str) -> str:
        with terminal(["replay", *words], replay.environ, columns=200) as screen:
            assert screen.end() == 0
        return screen.shown

    replay.settings["NO_COLOR"] = "1"
    formats = ("wide", "json", "raw", "{body} {data[filename]} {problem}")
    told = [shown("show", "-o", each) for each in formats] + [shown("state", "j1", "--trace")]
    played = shown("play", "--idle", "0", "--since", "1h")
    for each in told:
        assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", each), each
    assert not re.search("\x1b\\[2J|[\x7f-\x9f\u202e]", played)


async def test_several_jobs_are_shown_as_they_were(three_jobs):
    result = await three_jobs("state", "j1", "j2", "@-1", "--json", "--at", "end")
    assert [(each["job_id"], each["state"]) for each in result.json] == [
        ("j1", "converted"),
        ("j2", "failed"),
        ("j3", "uploaded"),
    ]
    some = await three_jobs("state", "j1", "nobody", "--format", "{job_id}: {state}")
    assert (some.code, some.out) == (4, "j1: converted\n")
    assert "says nothing of job nobody" in some.err


async def test_a_job_is_shown_as_it_was(three_jobs):
    states = {
        place: msgspec.json.decode((await three_jobs("state", "--job", "j1", "--at", place)).out)["state"]
        for place in ("0", "3", "end", "2026-03-01T00:02:30Z")
    }

    assert states == {
        "0": "uploaded",
        "3": "converting",
        "end": "converted",
        "2026-03-01T00:02:30Z": "converting",
    }


async def test_a_trace_tells_what_each_event_changed(three_jobs):
    result = await three_jobs("state", "--job", "j1", "--trace")

    assert 'state: "uploaded" → "converting"' in result.out
    assert 'state: "converting" → "converted"' in result.out
    assert "j2" not in result.out


async def test_a_job_the_log_does_not_know_is_said(three_jobs):
    result = await three_jobs("state", "--job", "nobody")

    assert (result.code, result.out) == (4, "")
    assert "says nothing of job nobody" in result.err


async def test_a_shortened_id_is_enough_unless_it_may_be_two(replay):
    one, other = "01a22743-aaaa-7000-8000-000000000001", "01a22743-abbb-7000-8000-000000000002"
    await replay.publish(uploaded(one), uploaded(other), uploaded("0b"), started(one))
    await replay("rebuild", "--yes")

    assert await seen(replay, "--job", "01a22743-aa") == [f"uploaded {one}", f"started {one}"]
    assert len(await seen(replay, "--account", ACCOUNT[:-1])) == 4
    state = await replay("state", "--job", "01a22743-aa")
    assert msgspec.json.decode(state.out)["job_id"] == one
    assert (await replay("diff", "--job", "01a22743-aa")).code == 0
    for command in (["show"], ["state"], ["diff"], ["requeue"]):
        result = await replay(*command, "--job", "01a22743-a")
        assert result.code == 2
        assert f"2 jobs begin with 01a22743-a; give more of it: {one}, {other}" in result.err


@pytest.mark.parametrize("place", ["--from", "--to"])
async def test_seconds_since_1970_are_not_taken_for_an_offset(three_jobs, place):
    result = await three_jobs("show", place, "1764410000")
    assert (result.code, result.out) == (2, "")
    assert "write @1764410000" in result.err
    assert await seen(three_jobs, "--from", "@1772323200", "--limit", "1") == ["uploaded j1"]


async def test_info_tells_how_everything_stands(replay):
    await tell_three_jobs(replay)
    await replay("rebuild", "--yes")
    await replay.publish(uploaded("j4"))
    await replay.broker.unbind("mp3", "job.failed")
    await replay.broker.put("letters.parked", b"{", {"reason": "not an \x1b[31mevent", "attempt": 1})

    async with TransientSender(replay.broker.url, name="test") as sender:
        presence = Presence(sender, kind="converter", slots=1)
        observer = presence.observer("video", Unobserved())
        async with presence.shown():
            with observer.handling(uploaded("j4"), 2):
                told = (await replay("info", "--types")).out

    assert f"converter {own_name()} " in told
    assert re.search(r"j4 \(attempt 2\) for \d+:\d\d\b", told)
    assert "letters.parked   unreadable, attempt 1: not an \ufffd[31mevent" in told
    assert await replay.broker.depth("letters.parked") == 1

    assert "offsets 0 to 6, at most 7 events" in told
    assert "job.uploaded                            4" in told
    assert "*jobs_v2: 3 jobs, at offset 5, at most 1 events behind" in told
    assert "video                                   4" in told
    assert "video                                   4   every converter is busy, or none runs" in told
    assert "jobs: 3: 1 uploaded, 1 failed, 1 converted" in told
    assert "in the last 10 minutes: 1 job.uploaded" in told
    assert "video.retry.600000ms            not there" in told
    assert "video.parked" not in told
    assert "workers: none was heard" in (await replay("info")).out
    assert "bindings of events: # → events, hook.requested → hooks, " in told
    assert "free, publishes stop below" in told
    assert "MISSING binding events -> mp3 (job.failed)" in told


async def test_jobs_are_counted_by_reading_them_where_the_projector_has_not(mongodb_url: str):
    async with AsyncMongoClient(mongodb_url) as client:
        version = Version(client.get_default_database(), 7)
        await version._views.insert_many(
            [{"_id": f"{n}", "state": "failed" if n else "notified"} for n in range(3)]
        )
        assert await version.jobs_by_state() == {"failed": 2, "notified": 1}


async def test_info_tells_what_it_can_when_a_server_is_away_or_unknown(three_jobs):
    three_jobs.settings["RABBITMQ_MANAGEMENT_URL"] = ""
    unlisted = await three_jobs("info")
    three_jobs.settings["STREAM_URL"] = "rabbitmq-stream://guest:guest@127.0.0.1:1/%2F"
    away = await three_jobs("info")
    three_jobs.settings.clear()

    assert "exchanges and queues are there; bindings were not listed" in unlisted.out
    assert away.code == 69
    assert "log: the stream events at 127.0.0.1:1" in away.out
    assert "video                                   3" in away.out


async def test_info_refuses_a_broker_that_is_no_url(three_jobs):
    three_jobs.settings["RABBITMQ_URL"] = "amqp://"
    told = await three_jobs("info")
    three_jobs.settings.clear()
    assert told.code == 2
    assert "RABBITMQ_URL is no URL" in told.err


async def test_info_names_a_queue_that_is_missing(replay):
    await replay.publish()
    await replay.lose_log()
    replay.settings["RABBITMQ_MANAGEMENT_URL"] = ""

    told = await replay("info")

    assert "topology: MISSING queue events; queue video; queue mp3" in told.out


async def test_ctrl_c_ends_with_its_own_code(three_jobs):
    process = await three_jobs.start("show", "--follow", "--format", "raw")
    await process.stdout.readline()
    process.send_signal(signal.SIGINT)

    _, err = await process.communicate()

    assert (process.returncode, b"Traceback" in err) == (130, False)


async def test_a_reader_that_has_had_enough_is_no_trouble(replay):
    await tell_three_jobs(replay)
    process = await replay.start("show", "--follow", "--format", "raw")
    await process.stdout.readline()
    process.stdout._transport.close()
    await replay.publish(uploaded("later"))

    assert await process.wait() == 0


async def test_an_empty_log_is_no_trouble(replay):
    await replay.publish()

    assert (await replay("show")).code == 4
    assert "log: empty" in (await replay("info")).out
    assert (await replay("verify")).code == 0
    assert (await replay("rebuild", "--yes")).code == 70


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["show", "--from", "soon"], "soon"),
        (["show", "--from", "3", "--since", "10m"], "exclude each other"),
        (["show", "-o", "pritty"], "pritty"),
        (["show", "-o", "{offset:>99999}"], "width"),
        (["show", "--format", "template"], "--template"),
        (["state"], "which job"),
        (["state", "j1", "--trace", "--json"], "--trace"),
        (["play"], "@-1"),
        (["play", "@-1", "--speed", "fast"], "10x"),
        (["play", "@-1", "--idle", "soon"], "500ms"),
        (["reconvert"], "--sample"),
        (["show", "--template", "{nonsense}"], "nonsense"),
        (["show", "--template", "{offset:%Y}"], "offset 0"),
        (["diff", "v1"], "two versions"),
        (["diff", "live", "vx"], "vx"),
        (["requeue", "--yes"], "--all-failed"),
        (["requeue", "--all-failed", "--rate", "fast"], "--rate"),
        (["verify", "--partitions", "0"], "--partitions"),
        (["verify", "--limit", "-1"], "--limit"),
    ],
)
async def test_arguments_that_mean_nothing_are_explained(three_jobs, arguments, named):
    result = await three_jobs(*arguments)

    assert result.code == 2
    assert named in result.err


@pytest.mark.parametrize("name", ["STREAM_URL", "MONGODB_URL"])
async def test_a_missing_url_is_named(replay, name):
    replay.settings[name] = ""

    result = await replay("verify")

    assert result.code == 69
    assert f"the local stack does not run; start it with `./justw up`, or set {name}" in result.err


async def test_a_server_that_is_away_is_named(replay):
    replay.settings["STREAM_URL"] = "rabbitmq-stream://guest:guest@127.0.0.1:1/%2F"

    result = await replay("show")

    assert (result.code, "127.0.0.1:1" in result.err) == (69, True)
