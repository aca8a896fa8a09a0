"""Completion by the tab key, in bash, zsh, fish and PowerShell: the scripts, and the answers they ask for.

A script runs `tonearm` with the line so far in the environment. The answer must never disturb that line: no
error, no question and no long wait, and nothing that a shell would take for its own.
"""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    PowerShellComplete,
    ShellComplete,
    ZshComplete,
)

from cli.pretty import visible
from cli.streams.pipes import drop_output

VARIABLE = "_TONEARM_COMPLETE"
"""The scripts set it, to `bash_complete` for instance."""
_PROGRAM = "tonearm"
_HARMLESS = re.compile(r"[\w@%+=:,./-]+")
_PATIENCE = 3.0
"""Seconds for a gateway to answer. Whoever presses the tab key does not wait longer."""


class _Answers(ShellComplete):
    """Leaves out what a shell could take for its own, and prints nothing of what went wrong."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        try:
            found = super().get_completions(args, incomplete)
        except Exception:  # whatever it is, the shell shows the line as it was
            return []
        return [
            CompletionItem(item.value, item.type, visible(item.help) if item.help else None)
            for item in found
            if item.type != "plain" or _HARMLESS.fullmatch(item.value)
        ]


class _Bash(_Answers, BashComplete):
    @staticmethod
    def _check_version() -> None:
        """Print the script for whoever asks: it may be for another machine."""


class _Zsh(_Answers, ZshComplete):
    """zsh."""


class _Fish(_Answers, FishComplete):
    """fish."""


class _PowerShell(_Answers, PowerShellComplete):
    """PowerShell."""


SHELLS: dict[str, type[ShellComplete]] = {
    "bash": _Bash,
    "zsh": _Zsh,
    "fish": _Fish,
    "powershell": _PowerShell,
}


def script(shell: str, root: click.Command) -> str:
    """Return what makes a shell complete `tonearm`."""
    return SHELLS[shell](root, {}, _PROGRAM, VARIABLE).source()


def answer(root: click.Command, asked: str) -> None:
    """Print what may come next on the line that the environment holds."""
    kind = SHELLS.get(asked.removesuffix("_complete"))
    if kind is None:
        return
    with _undisturbed():
        try:
            lines = kind(root, {}, _PROGRAM, VARIABLE).complete()
        except (KeyError, ValueError):  # the line is not in the environment as the script puts it there
            return
    try:
        sys.stdout.buffer.write(lines.encode() + b"\n")
        sys.stdout.flush()
    except OSError:
        drop_output()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let nothing be asked or printed, and end the process, without a word, when it takes too long."""
    if sys.platform != "win32":  # which has no such clock
        signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    typed = sys.stdin
    with Path(os.devnull).open("r+") as nowhere:
        sys.stdin = nowhere  # no terminal, so nobody is asked for a password
        try:
            with contextlib.redirect_stderr(nowhere), contextlib.redirect_stdout(nowhere):
                yield
        finally:
            sys.stdin = typed
