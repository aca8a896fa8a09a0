import asyncio
import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from waiting import wait_for

from tests.terminal import terminal

ROOT = Path(__file__).parents[3]
NOW = datetime.now(UTC)
UNSET = "-- event log: STREAM_URL is not set, showing logs only; is the stack running?"


def line(event, ago=0.0, service="gateway", *, now=NOW, **fields):
    time = (now - timedelta(seconds=ago)).isoformat()
    return (
        json.dumps({"timestamp": time, "level": "info", "service": service, "event": event, **fields}) + "\n"
    )


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def names(running):
    return [record["event"] for record in running.shown]


async def test_the_logs_of_all_services_are_merged_by_time(logs, finished):
    (logs / "gateway.jsonl").write_text(line("one", 50) + "plain text\n" + line("four", 20))
    (logs / "auth.jsonl").write_text(line("two", 40, "auth") + line("three", 30, "auth"))
    run = await finished("--no-follow", "--format", "json", LOCAL_DIR=str(logs.parent))
    assert names(run) == ["one", "plain text", "two", "three", "four"]
    assert run.shown[1]["service"] == "gateway"
    assert (run.process.returncode, run.err) == (0, [UNSET])


async def test_last_counts_what_matches_over_all_files(logs, finished):
    (logs / "a.jsonl").write_text("".join(line(f"a{i}", 100 - i, job=i % 2) for i in range(50)))
    (logs / "b.jsonl").write_text("".join(line(f"b{i}", 100.5 - i, job=i % 2) for i in range(50)))
    arguments = ["--no-follow", "--format=json", "--only=logs"]
    run = await finished(*arguments, "-n", "3", "--field", "job=1", LOCAL_DIR=str(logs.parent))
    assert names(run) == ["a47", "b49", "a49"]
    until = (NOW - timedelta(seconds=61)).isoformat()
    run = await finished(*arguments, "-n", "2", "--until", until, LOCAL_DIR=str(logs.parent))
    assert names(run) == ["a38", "b39"]


async def test_since_and_until_cut_out_a_stretch_of_time(logs, finished):
    now = datetime.now(UTC)  # a long run may have been collected long ago
    times = {"old": 7200, "wanted": 3000, "new": 1}
    (logs / "a.jsonl").write_text("".join(line(event, ago, now=now) for event, ago in times.items()))
    run = await finished("--since=1h", "--until=10m", "--format=json", LOCAL_DIR=str(logs.parent))
    assert names(run) == ["wanted"]


async def test_following_shows_what_comes_new_files_too_and_ends_well_on_ctrl_c(logs, tail):
    (logs / "a.jsonl").write_text("".join(line(f"{i}") for i in range(30)))
    async with tail("--format=json", "--only=logs", LOCAL_DIR=str(logs.parent)) as running:
        await running.until('"29"')
        assert names(running) == [f"{i}" for i in range(20, 30)]
        with (logs / "a.jsonl").open("a") as file:
            file.write(line("more"))
        (logs / "b.jsonl").write_text(line("new file", service="b"))
        await running.until("new file")
        await running.until("more")
        assert await running.end(signal.SIGINT) == 130
        assert running.err == []


async def test_what_is_held_for_order_is_shown_before_the_end(logs, tail):
    path = logs / "a.jsonl"
    path.write_text(line("first"))
    async with tail("--format=json", "--only=logs", LOCAL_DIR=str(logs.parent)) as running:
        await running.until("first")
        for number in range(200):
            with path.open("a") as file:
                file.write(line(f"{number}"))
        await running.until('"0"')
        assert await running.end(signal.SIGTERM) == 0
    shown = names(running)[1:]
    assert shown == [f"{i}" for i in range(len(shown))]


async def test_a_pipe_is_read_as_it_comes_and_its_end_is_the_end(tail):
    async with tail("-", "--format=json", STREAM_URL="rabbitmq-stream://127.0.0.1:1/") as running:
        running.process.stdin.write(line("one", service="pod").encode() + b"trace\nhalf")
        await running.until("one")
        await running.until("trace")
        running.process.stdin.write(b" a line")
        running.process.stdin.close()
        assert await running.end() == 0
    assert names(running) == ["one", "trace", "half a line"]
    assert running.err == []  # the event log is not asked
    assert {record["service"] for record in running.shown} == {"pod"}


async def test_ctrl_c_ends_while_a_pipe_is_silent(tail):
    async with tail("-", "--format=json", "--only=logs") as running:
        running.process.stdin.write(line("one").encode())
        await running.until("one")
        assert await running.end(signal.SIGINT) == 130
        assert running.err == []


async def test_a_job_is_followed_from_before_its_name_is_told(logs, finished):
    (logs / "gateway.jsonl").write_text(
        line("request_begun", 9, trace_id="t")
        + line("stored", 8, trace_id="t", job_id="j")
        + line("other", 7)
    )
    (logs / "converter.jsonl").write_text(line("converted", 6, job_id="j") + line("converted", 5, job_id="k"))
    arguments = ("--no-follow", "--only=logs", "--format=json")
    run = await finished("--job=j", *arguments, LOCAL_DIR=str(logs.parent))
    assert names(run) == ["request_begun", "stored", "converted"]
    run = await finished("--job=j", "--job=k", "-x", "stored", *arguments, LOCAL_DIR=str(logs.parent))
    assert names(run) == ["request_begun", "converted", "converted"]


@pytest.mark.parametrize("follow", [[], ["--no-follow"]])
async def test_a_closed_pipe_ends_it_silently(logs, follow):
    (logs / "a.jsonl").write_text("".join(line(f"{i}") for i in range(50_000)))
    tail = f"{sys.executable} -m cli.tail {' '.join(follow)} -n all --only=logs"
    command = f"{tail} | head -1; echo ${{PIPESTATUS[0]}}"
    done = await asyncio.to_thread(
        subprocess.run,
        ["/bin/bash", "-c", command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LOCAL_DIR": str(logs.parent)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[1:] == ["0"]
    assert done.stderr == ""


async def test_a_second_signal_ends_it_although_nobody_reads_what_it_shows(logs, tail):
    (logs / "a.jsonl").write_text("".join(line(f"{i}") for i in range(5000)))
    reader, writer = os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.tail", str(logs / "a.jsonl"), cwd=ROOT, stdout=writer
    )
    os.close(writer)

    def is_full():
        held = fcntl.ioctl(reader, termios.FIONREAD, bytes(4))
        return int.from_bytes(held, sys.byteorder) > 60_000

    await wait_for(is_full)
    process.send_signal(signal.SIGINT)  # two of one kind may come as one
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) == 130
    os.close(reader)


def test_closed_standard_streams_are_no_trouble(logs):
    (logs / "a.jsonl").write_text(line("one"))
    command = f"{sys.executable} -m cli.tail {logs}/a.jsonl -o raw"
    for streams, shown in ((">&-", ""), ("2>&- <&-", line("one")), (">&- 2>&- <&-", "")):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{command} {streams}"], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, shown, "")


async def test_a_reader_that_goes_away_while_nothing_happens_is_noticed(logs, tail):
    (logs / "a.jsonl").write_text(line("one"))
    async with tail("--only=logs", LOCAL_DIR=str(logs.parent)) as running:
        await running.until("one")
        running.process._transport.get_pipe_transport(1).close()
        assert await running.end() == 0
        assert running.err == []


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        (["--color=always"], {"NO_COLOR": "1"}, True),
        (["--color=never"], {}, False),
        (["--no-color"], {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(logs, arguments, environment, coloured):
    (logs / "a.jsonl").write_text(line("one"))
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        subprocess.run(
            [sys.executable, "-m", "cli.tail", "--no-follow", "--only=logs", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "LOCAL_DIR": str(logs.parent), **environment},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            check=True,
            timeout=60,
        )
        os.close(theirs)
        assert (b"\x1b[" in terminal.read(4096)) is coloured


def test_what_is_looked_for_stands_out_and_a_short_line_fits_the_terminal(logs):
    (logs / "a.jsonl").write_text(line("a needle" * 30, 2) + line("hay", 1))
    words = ["tail", str(logs / "a.jsonl"), "-i", "n.edle"]  # short is the usual format there
    with terminal(words, {"LOCAL_DIR": str(logs.parent)}, columns=60) as screen:
        assert screen.end() == 0
    [shown] = screen.shown.splitlines()
    assert "\x1b[1;7mneedle\x1b[0m" in shown
    assert len(re.sub(r"\x1b\[[\d;]*m", "", shown)) == 60


async def test_a_service_or_type_that_nothing_has_is_said_so_with_what_may_be_meant(logs, finished):
    (logs / "mongodb.jsonl").write_text(line("one"))
    words = ("--only=logs", "--no-follow", "--service=gatway", "--service=mongodb", "--type=one")
    run = await finished(*words, "--type=jbo.*", "--type=job.convertd", LOCAL_DIR=str(logs.parent))
    service, kind, type_ = run.err[:3]
    assert service == "-- no service here is 'gatway'; did you mean gateway?"
    assert kind == "-- no event is of the type 'jbo.*'; did you mean job.*?"
    assert type_.startswith("-- no event is of the type 'job.convertd'; did you mean job.converted")
    assert len([each for each in run.err if "no " in each]) == 3


async def test_it_ends_after_as_many_as_are_wanted(logs, tail):
    (logs / "a.jsonl").write_text("".join(line(f"{i}") for i in range(3)))
    arguments = ("--json", "--only=logs", "-n", "2", "--count", "3")
    async with tail(*arguments, LOCAL_DIR=str(logs.parent)) as running:
        await running.until('"2"')
        with (logs / "a.jsonl").open("a") as file:
            file.write("".join(line(f"{i}") for i in range(3, 9)))
        assert await running.end() == 0
    assert names(running) == ["1", "2", "3"]


async def test_there_is_no_colour_in_a_pipe(logs, finished):
    (logs / "a.jsonl").write_text(line("one"))
    run = await finished("--no-follow", "--only=logs", LOCAL_DIR=str(logs.parent))
    assert "\x1b" not in run.out[0]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--no-follow"], 69, "the local stack does not run; start it with `./justw up`, or name a gateway"),
        (["--only=logs"], 66, "no log file is there"),
        (["--only=events"], 69, "the local stack does not run"),
        (["/nonexistent/x.jsonl"], 66, "/nonexistent/x.jsonl: no such file"),
        (["-", "--only=events"], 2, "a PATH is read alone"),
        (["-"], 4, "nothing was found"),
        (["--since=soon"], 2, "'soon' is not a time"),
        (["--since=1764410000"], 2, "are written @1764410000"),
        (["--level=loud"], 2, "'loud' is no level"),
        (["--field=x"], 2, "neither key=value nor key~regex"),
        (["--grep=("], 2, "unterminated"),
        (["-i", "a(b"], 2, "'a(b': missing )"),
        (["-H", "["], 2, "unterminated character set"),
        (["-n", "x"], 2, "takes a number or `all`, not 'x'"),
        (["-n", "9" * 20], 2, "takes a number or `all`, not '9999"),
        (["-c", "0"], 2, "'0' is not a count"),
        (["-c", "9" * 20], 2, "is not a count"),
        (["--json", "-o", "loud"], 2, "'loud' is no format: pretty, short"),
        (["-o", "{event"], 2, "-o: expected '}'"),
        (["--what"], 2, "No such option"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line_with_an_exit_code(finished, arguments, code, says):
    run = await finished(*arguments)
    assert run.process.returncode == code
    assert says in run.err[-1]
    assert "Traceback" not in "".join(run.err)


async def test_a_file_is_read_to_its_end_and_nothing_else_is(logs, finished):
    (logs / "gateway.jsonl").write_text(line("elsewhere"))
    path = logs.parent / "mine.jsonl"
    path.write_text("".join(line(f"{i}") for i in range(30)))
    url = "rabbitmq-stream://127.0.0.1:1/"
    run = await finished(str(path), "--format=json", LOCAL_DIR=str(logs.parent), STREAM_URL=url)
    assert names(run) == [f"{i}" for i in range(30)]
    assert (run.process.returncode, run.err) == (0, [])

    run = await finished(str(path), "-", "-n", "2", "--format=json")
    assert names(run) == ["28", "29"]
    run = await finished(str(path), "--field=job_id=none")
    assert (run.process.returncode, run.out, run.err) == (4, [], ["-- nothing was found"])


async def test_a_file_whose_name_is_no_text_is_shown_as_all_others_are(logs, finished):
    (logs / os.fsdecode(b"odd\xff.jsonl")).write_text("one\n")
    run = await finished("--no-follow", "--only=logs", "--format=json", LOCAL_DIR=str(logs.parent))
    assert run.err == []
    assert [(record["service"], record["event"]) for record in run.shown] == [("odd\ufffd", "one")]


async def test_following_until_the_end_of_the_calendar_is_following(logs, tail):
    (logs / "a.jsonl").write_text(line("one"))
    until = "--until=9999-12-31T23:59:59.999Z"
    async with tail(until, "--format=json", "--only=logs", LOCAL_DIR=str(logs.parent)) as running:
        await running.until("one")
        with (logs / "a.jsonl").open("a") as file:
            file.write(line("two"))
        await running.until("two")
        assert await running.end(signal.SIGINT) == 130
        assert running.err == []


async def test_a_named_pipe_is_read_as_it_comes(logs, tail):
    path = logs / "pod.log"
    os.mkfifo(path)
    async with tail(str(path), "--format=json") as running:
        writer = await asyncio.to_thread(path.open, "w")
        print(line("one", service="pod"), "text", file=writer, sep="", flush=True)
        await running.until("text")
        writer.close()
        assert await running.end() == 0
    assert names(running) == ["one", "text"]


async def test_what_was_rotated_away_on_this_machine_is_read_too(logs, finished):
    (logs / "a.jsonl").write_text(line("new", 10))
    (logs / "a.jsonl.1").write_text(line("old", 20))
    run = await finished("--no-follow", "--only=logs", "--format=json", LOCAL_DIR=str(logs.parent))
    assert names(run) == ["old", "new"]


async def test_a_shortened_id_is_enough_unless_it_may_be_two(logs, finished):
    one, other, two = ("01a22743-aaaa", "01a22743-abbb", "0b")
    text = "".join(
        line(f"{number}", 9 - number, job_id=job, account_id=job)
        for number, job in enumerate((one, other, two))
    )
    (logs / "a.jsonl").write_text(text + line("more", 1, job_id=one, account_id=one))
    arguments = ("--no-follow", "--only=logs", "--format=json")
    for kind in ("job", "account"):
        run = await finished(*arguments, f"--{kind}=01a22743-aa", LOCAL_DIR=str(logs.parent))
        assert names(run) == ["0", "more"]
        run = await finished(*arguments, f"--{kind}=01a22743-a", LOCAL_DIR=str(logs.parent))
        assert (run.process.returncode, run.out) == (2, [])
        assert f"2 {kind}s begin with 01a22743-a; give more of it: {one}, {other}" in run.err[-1]


async def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path, tail):
    path = tmp_path / "late.jsonl"
    async with tail("-f", str(path), "--format=json") as running:
        await running.until(f"-- {path}: not there yet, waiting for it", err=True)
        path.write_text(line("there"))
        await running.until("there")


async def test_without_the_broker_the_logs_are_shown_and_it_is_said(logs, finished):
    (logs / "a.jsonl").write_text(line("one"))
    url = "rabbitmq-stream://guest:secret@127.0.0.1:1/"
    run = await finished("--no-follow", "--format=json", LOCAL_DIR=str(logs.parent), STREAM_URL=url)
    assert names(run) == ["one"]
    assert run.err[0].startswith("-- event log: unreachable (")
    assert run.err[0].endswith("), showing logs only")
    assert "secret" not in run.err[0]
