"""`tonearm man`: the manual page, made from the same tree as `--help`."""

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import click

from cli.exits import Exit
from cli.tree.command import command
from cli.tree.group import Group
from cli.tree.manual import page

_DATE = "2026-11-30"
"""When the form of the page last changed."""
_CODES = {
    Exit.OK: "It is done.",
    Exit.FAILED: "It failed, or two things that were compared differ.",
    Exit.USAGE: "Arguments or settings are wrong.",
    Exit.NOTHING: "Nothing was found.",
    Exit.DATAERR: "A file or the log is damaged.",
    Exit.NOINPUT: "There is nothing to read.",
    Exit.UNAVAILABLE: "A server is away, or something is not installed.",
    Exit.REFUSED: "It cannot be done as things stand.",
    Exit.CANTCREAT: "The result cannot be written.",
    Exit.NOPERM: "Nobody is signed in, or the account may not do this.",
    Exit.INTERRUPTED: "Ctrl-C.",
}
_ENVIRONMENT = (
    ("TONEARM_ON, TONEARM_URL", "The gateway that is meant, by its name or its address."),
    ("TONEARM_EMAIL, TONEARM_PASSWORD", "Who signs in."),
    ("TONEARM_KEY", "An API key, in place of both."),
    ("LOCAL_DIR", "The folder of the stack on this machine."),
    ("NO_COLOR", "Print without colours."),
)
_FILES = (
    ("$XDG_CONFIG_HOME/tonearm/config.toml", "Gateways by name, and the one that is meant where none is."),
    ("$XDG_CONFIG_HOME/tonearm/sessions/", "What is signed in, for its owner only; never a password."),
)


@command(name="man", examples=["tonearm man", "tonearm man > tonearm.1"])
@click.pass_context
def manual(context: click.Context) -> None:
    """Show the manual page of all commands; into a file or a pipe it is written for man(7)."""
    root = context.find_root().command
    assert isinstance(root, Group)  # noqa: S101 - cli.main makes it
    text = manual_of(root)
    reader = shutil.which("man")
    if reader is None or not sys.stdout.isatty():
        sys.stdout.write(text)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tonearm.1")
        file.write_text(text, encoding="utf-8")
        subprocess.run([reader, str(file)], check=False)


def manual_of(root: Group) -> str:
    """Return the page."""
    codes = [(str(int(code)), meaning) for code, meaning in _CODES.items()]
    return page(
        root,
        version("tonearm"),
        _DATE,
        {"EXIT STATUS": codes, "ENVIRONMENT": _ENVIRONMENT, "FILES": _FILES},
    )
