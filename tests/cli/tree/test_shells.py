"""The tab key, in the shells that people have, each in a terminal of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import CompletionItem

from cli.main import main, tonearm
from cli.tree import shells
from tests.terminal import Terminal, terminal

ROOT = Path(__file__).parents[3]
BASH = ["--norc", "--noprofile", "-i"]
ZSH = ["-f", "-i"]
FISH = ["--private", "--no-config"]
BEGIN = {
    "bash": 'eval "$(tonearm completion bash)"; bind "set enable-bracketed-paste off"',
    "zsh": 'autoload -U compinit; compinit -u -D; eval "$(tonearm completion zsh)"',
    "fish": "tonearm completion fish | source",
}

PATIENT = f"""\
#!{sys.executable}
import sys
sys.path.insert(0, {str(ROOT)!r})
from cli.main import main
from cli.tree import shells
shells._PATIENCE = 45.0
sys.exit(main())
"""
"""The program, for machines of any speed: after its usual patience it answers nothing."""


@pytest.fixture(params=[("bash", BASH), ("zsh", ZSH), ("fish", FISH)], ids=lambda each: each[0])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    name, arguments = request.param
    program = shutil.which(name)
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"there is no {name} here")
    folder = tmp_path / ".bin"
    folder.mkdir()
    (folder / "tonearm").write_text(PATIENT)
    (folder / "tonearm").chmod(0o755)
    home = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "PATH": f"{folder}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "PS1": "$ ",
    }
    with terminal([program, *arguments], home, columns=200, rows=50) as screen:
        screen.type(f"cd; {BEGIN[name]}; echo be''gun\n")
        screen.until("begun")
        yield screen


def test_commands_options_and_values_are_completed(shell: Terminal) -> None:
    shell.type("tonearm complet\t")
    shell.until("completion ")
    shell.type("ba\t")
    shell.until("bash ")
    shell.type("\x15tonearm jobs list --fam\t")
    shell.until("--family ")
    shell.type("\x15tonearm convert -O loudn\t")
    shell.until("loudness=")
    shell.type("\x15tonearm account quo\t")
    shell.until("quota ")


def test_files_are_completed_and_a_gateway_that_is_away_is_no_trouble(
    shell: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "a-long-talk.mp4").touch()
    shell.type("tonearm convert a-lo\t")
    shell.until("a-long-talk.mp4")
    shell.type("\x15tonearm show --url http://127.0.0.1:1 01\t")
    shell.type("x; echo so f''ar\x01: \x05\n")
    assert "Traceback" not in shell.until("so far")
    assert "Password" not in shell.shown


def test_what_a_shell_would_take_for_its_own_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    names = ["good", "two words", "$(touch here)", "a\nb", "*", "x;y", "`id`"]
    monkeypatch.setattr(
        type(tonearm),
        "shell_complete",
        lambda *_: [CompletionItem(name, help="\x1b[31mred") for name in names],
    )
    monkeypatch.setenv("COMP_WORDS", "tonearm ")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setenv("_TONEARM_COMPLETE", "zsh_complete")
    monkeypatch.setattr(shells, "_PATIENCE", 0.0)  # no alarm in the tests' own process
    assert main([]) == 0
    assert capfdbinary.readouterr().out.decode() == "plain\ngood\n\ufffd[31mred\n"


def test_nothing_that_goes_wrong_is_said(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def broken(*_: object) -> list[CompletionItem]:
        print("on standard output")
        raise RuntimeError

    monkeypatch.setattr(type(tonearm), "shell_complete", broken)
    monkeypatch.setenv("COMP_WORDS", "tonearm ")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setattr(shells, "_PATIENCE", 0.0)
    for shell in ("bash", "zsh", "fish", "powershell", "tcsh"):
        monkeypatch.setenv("_TONEARM_COMPLETE", f"{shell}_complete")
        assert main([]) == 0
    out, said = capfdbinary.readouterr()
    assert (out.strip(), said) == (b"", b"")


@pytest.mark.parametrize("line", [{"COMP_WORDS": "tonearm ", "COMP_CWORD": "1"}, {}])
def test_a_shell_that_does_not_wait_or_asks_in_a_way_of_its_own_hears_no_complaint(
    line: dict[str, str],
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environ = {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main"],
        env={**environ, **line, shells.VARIABLE: "bash_complete"},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
