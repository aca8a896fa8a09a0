import asyncio
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli import main
from cli.backup.collections import BackupDamaged
from cli.backup.folder import BackupRefused
from cli.called import called
from cli.errors import FileDamaged, NothingFound, causes
from cli.exits import Exit, exit_for
from events.errors import LogDamaged, NotConfirmed, TonearmError, Unavailable, reason
from service.settings import InvalidSetting
from tests.terminal import terminal


def test_without_arguments_every_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([]) == Exit.OK
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name, entry in main.COMMANDS.items() if entry.section)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_is_there(name: str) -> None:
    assert isinstance(main.COMMANDS[name].command(name), click.Command)


def test_what_a_pod_runs_needs_nothing_that_only_the_local_stack_or_a_converter_has() -> None:
    here = ("tail", "replay", "account", "backup", "restore")
    services = ("gateway", "auth", "workers.notifier")
    absent = ("aiosmtpd", "secantus", "imageio_ffmpeg")
    code = f"""
import importlib
import sys
sys.modules.update(dict.fromkeys({absent}))
from cli.main import COMMANDS
for name in {here}:
    command = COMMANDS[name].command(name)
    for below, entry in getattr(command, "entries", {{}}).items():
        entry.command(below)
for package in {services}:
    importlib.import_module(package + ".__main__")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["converrt"]) == Exit.USAGE
    assert "No such command 'converrt'" in capsys.readouterr().err


def test_a_command_with_a_slip_is_answered_by_the_one_that_is_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(["usgae"]) == Exit.USAGE
    assert "Did you mean 'usage'?" in capsys.readouterr().err


def test_help_of_a_command_is_what_its_option_prints(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["jobs"], ["jobs", "list"]):
        assert main.main([*words, "--help"]) == Exit.OK
        told = capsys.readouterr().out
        assert main.main(["help", *words]) == Exit.OK
        assert capsys.readouterr().out == told
    assert main.main(["help", "jobz"]) == Exit.USAGE
    assert "Did you mean" in capsys.readouterr().err


def test_an_id_in_place_of_a_command_is_answered_by_the_command_that_shows_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for job in ("01a22e", "@-1"):
        assert main.main(["jobs", job]) == Exit.USAGE
        assert f"Did you mean `tonearm jobs show {job}`?" in capsys.readouterr().err
    assert main.main(["jobs", "cancle"]) == Exit.USAGE
    assert "cancel" in capsys.readouterr().err


def test_choices_stand_in_lines_of_their_own_behind_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["completion"]) == Exit.USAGE
    said = capsys.readouterr().err
    assert "\ufffd" not in said
    assert [line.strip(" ,") for line in said.splitlines()[-4:]] == ["bash", "zsh", "fish", "powershell"]


def test_sentences_are_wrapped_at_words_at_a_terminal_and_nowhere_else(tmp_path: Path) -> None:
    words = ["show", "j", "--on", "local"]
    environ = {"LOCAL_DIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with terminal(words, environ, columns=40) as screen:
        assert screen.end() == Exit.UNAVAILABLE
    piped = subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
    )
    assert piped.stderr.count("\n") == 1
    lines = screen.shown.splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 40
    assert " ".join(screen.shown.split()) == piped.stderr.strip()


def test_no_argument_reaches_the_terminal_with_its_control_characters() -> None:
    with terminal(["probe", "a.mp4", "evil\x1b[31m\x1b]0;title\x07.mp4"]) as screen:
        assert screen.end() == Exit.USAGE
    assert "unexpected extra argument" in screen.shown
    assert not set("\x1b\x07") & set(screen.shown)


@pytest.mark.parametrize("words", [["--help"], ["replay", "--help"], ["completion", "bash"]], ids=" ".join)
def test_an_output_that_nobody_reads_or_that_has_no_room_ends_without_a_traceback(words: list[str]) -> None:
    buffered = {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}
    reader, writer = os.pipe()
    os.close(reader)
    full = os.open("/dev/full", os.O_WRONLY)
    for output, code, said in ((writer, Exit.OK, ""), (full, Exit.CANTCREAT, "No space left on device\n")):
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *words],
            env=buffered,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(output)
        assert (done.returncode, done.stderr.rpartition(": ")[2]) == (code, said), done.stderr
        assert done.stderr.count("\n") == bool(said)


def test_no_section_of_the_help_comes_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--help"]) == Exit.OK
    headings = [
        line for line in capsys.readouterr().out.splitlines() if line[:1].strip() and line.endswith(":")
    ]
    assert len(headings) == len({*headings}) > 5


def test_an_error_is_told_with_its_causes() -> None:
    error = NotConfirmed("the broker is away")
    error.__cause__ = OSError("connection refused")
    assert causes(error) == "the broker is away\n  because: connection refused"


async def test_a_server_that_says_nothing_is_told_of_in_one_sentence() -> None:
    with pytest.raises(TimeoutError) as silence:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    away = Unavailable(f"the log: {reason(silence.value)}")
    away.__cause__ = silence.value
    assert causes(away) == "the log: no answer in time"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidSetting("x"), Exit.USAGE),
        (NotConfirmed("x"), Exit.UNAVAILABLE),
        (NothingFound("x"), Exit.NOTHING),
        (FileDamaged("x"), Exit.DATAERR),
        (BackupDamaged("x"), Exit.DATAERR),
        (LogDamaged("x"), Exit.DATAERR),
        (BackupRefused("x"), Exit.REFUSED),
        (TonearmError("x"), Exit.FAILED),
    ],
)
def test_an_exit_code_says_what_kind_of_error_it_was(error: TonearmError, code: Exit) -> None:
    assert exit_for(error) == code


@pytest.mark.parametrize(
    "arguments", [["up", "--no-logs"], ["up", "-d"], ["down"], ["status"], ["convert", __file__]]
)
def test_a_folder_that_cannot_be_used_is_a_sentence(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "file"))
    assert main.main(arguments) == Exit.CANTCREAT
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_help_fits_a_terminal_and_ends() -> None:
    with terminal(["--help"], columns=60) as screen:
        assert screen.end() == Exit.OK
    assert "turn videos into audio" in screen.shown
    assert max(map(len, screen.shown.splitlines())) <= 60


@pytest.mark.parametrize("words", [["--help"], ["jobs", "--help"], ["replay", "--help"]])
def test_help_is_quick_because_it_loads_nothing_heavy(words: list[str]) -> None:
    heavy = {"asyncio", "httpx", "rich", "pymongo", "pika", "structlog", "litestar", "events.types"}
    code = f"import sys; from cli.main import main; main({words}); print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize(("by", "line"), [("", "tonearm login a"), ("./justw", "./justw login a")])
def test_a_hint_can_be_typed_as_it_stands(monkeypatch: pytest.MonkeyPatch, by: str, line: str) -> None:
    monkeypatch.setenv("TONEARM_CALLED", by)
    assert called("login a") == line
