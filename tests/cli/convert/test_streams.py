import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from terminal import terminal
from waiting import wait_for

from cli.convert.report import ConvertedVideo
from cli.exits import Exit
from tests.cli.convert.typed import ONE_FAILED, PATIENCE, ROOT, convert, run
from tests.cli.gateways import EMAIL, PASSWORD, Gateway
from tests.cli.json_lines import check

pytestmark = pytest.mark.usefixtures("signed_in")


def test_at_a_terminal_a_failure_takes_its_bar_away_and_stands_above_its_story(
    server: Gateway, video: Path
) -> None:
    server.fails = True
    environ = {"TONEARM_EMAIL": EMAIL, "TONEARM_PASSWORD": PASSWORD}
    with terminal(["convert", str(video), "--url", server.url], environ) as shown:
        assert shown.end() == Exit.FAILED
    before, heading, _ = shown.shown.partition("time (")
    assert heading
    assert "No sound." in before
    row = before.rpartition("\n")[2].rpartition("\x1b[2K")[2]
    assert not re.search(r"\w", row.replace("\x1b[2m", "")), row


def test_standard_output_has_the_audio_and_nothing_else(server: Gateway, video: Path, tmp_path: Path) -> None:
    done = run(server, video, "-o", "-", stdout=subprocess.PIPE)
    sound, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == Exit.OK
    assert sound == server.audio
    assert b"job j-1" in said
    assert b"downloading the audio (" in said
    assert b"written to standard output (" in said
    assert sorted(tmp_path.iterdir()) == [video]


def test_a_reader_of_the_sound_may_go_away(server: Gateway, video: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run(server, video, "-o", "-", stdout=writer)
    os.close(writer)
    _, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == Exit.OK
    assert b"rror" not in said
    assert b"Traceback" not in said


def test_a_reader_of_the_results_may_go_away_and_the_work_goes_on(server: Gateway, video: Path) -> None:
    other = Path(shutil.copy(video, video.with_name("other.mp4")))
    reader, writer = os.pipe()
    os.close(reader)
    done = run(server, video, other, "--json", "-j", "1", stdout=writer)
    os.close(writer)
    _, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == Exit.OK, said
    assert video.with_suffix(".mp3").exists()
    assert other.with_suffix(".mp3").exists()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_every_letter_gets_what_it_can_show(
    server: Gateway, video: Path, encoding: str
) -> None:
    named = video.rename(video.with_name("Čaj – 日本.mp4"))
    done = run(server, named, stdout=subprocess.PIPE, env={"PYTHONIOENCODING": encoding})
    shown, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == Exit.OK, said
    assert b"?aj ? ??.mp3" in shown
    assert named.with_suffix(".mp3").exists()


def test_a_name_keeps_its_letters_where_the_locale_has_none_of_them(server: Gateway, video: Path) -> None:
    named = video.rename(video.with_name("Čaj – 日本.mp4"))
    done = run(server, named, env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    _, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == Exit.OK, said
    assert [name for name, _, _ in server.uploads] == [named.name]
    assert named.with_suffix(".mp3").exists()


def test_control_c_says_that_the_job_goes_on(server: Gateway, video: Path) -> None:
    server.hold = True
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "convert", video, "--url", server.url],
        cwd=ROOT,
        env=dict(os.environ),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.watched.wait(PATIENCE)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == Exit.INTERRUPTED
    assert "talk.mp4: the job j-1 goes on without you" in said
    assert "tail --job j-1" in said
    assert "\ufffd" not in said
    assert "Traceback" not in said


def test_each_video_is_a_line_of_json_whatever_becomes_of_it(
    server: Gateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = video.with_name("missing.mp4")
    assert convert(server, video, missing, "--json") == ONE_FAILED
    out = capsys.readouterr().out
    check(["convert"], out)
    lines = [msgspec.json.decode(line, type=ConvertedVideo) for line in out.splitlines()]
    failed, done = sorted(lines, key=lambda line: line.end, reverse=True)
    assert (failed.file, failed.error, failed.exit_code) == (None, "it is not there", Exit.NOINPUT)
    assert (done.file, done.end, done.job_id) == (str(video.with_suffix(".mp3")), "converted", "j-1")
    assert done.audio
    assert done.audio.sha256 == hashlib.sha256(server.audio).hexdigest()


def test_a_pipe_becomes_a_pipe(server: Gateway, tmp_path: Path) -> None:
    done = run(server, "-", "-o", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    sound, said = done.communicate(b"video" * 1000, timeout=PATIENCE)
    assert done.returncode == Exit.OK, said
    assert sound == server.audio
    assert [(name, body) for name, body, _ in server.uploads] == [("video", b"video" * 1000)]


async def test_control_c_ends_a_command_that_waits_for_standard_input(
    server: Gateway, tmp_path: Path
) -> None:
    done = run(server, "-", "-o", tmp_path / "talk.mp3", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert done.stdin
    done.stdin.write(b"video")
    done.stdin.flush()
    await wait_for(lambda: server.creations)
    done.send_signal(signal.SIGINT)
    code = done.wait(PATIENCE)
    _, said = done.communicate()
    assert code == Exit.INTERRUPTED, said
    assert b"Fatal" not in said


def test_standard_input_is_called_as_its_audio_is(
    server: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"video")))
    assert convert(server, "-", "-o", tmp_path / "talk.mp3") == Exit.OK
    assert [name for name, _, _ in server.uploads] == ["talk"]
