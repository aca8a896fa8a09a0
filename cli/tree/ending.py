"""The end of a command that did not work: a sentence on standard error, and an exit code."""

import io
import sys

import click

from cli.errors import causes
from cli.exits import Codes, Exit, exit_for
from cli.pretty import for_reading
from cli.streams.pipes import drop_output
from events.errors import TonearmError


def complain(text: str) -> None:
    """Print what is wrong, behind the command's name, without control characters."""
    context = click.get_current_context(silent=True)
    _say(context.command_path if context else "tonearm", text)


def refused(error: click.ClickException) -> int:
    """Print click's message about the arguments, without control characters; return the exit code."""
    said = io.StringIO()
    error.show(said)
    text = said.getvalue().rstrip("\n").expandtabs()  # click indents choices by tabs
    print(for_reading(text, sys.stderr), file=sys.stderr)
    return error.exit_code


def ended(path: str, error: OSError | TonearmError, codes: Codes) -> Exit:
    """Say what was wrong, and return the exit code. `codes` are the command's own, for its kinds of error."""
    if isinstance(error, BrokenPipeError):  # nobody reads the output any more
        drop_output()
        return Exit.OK
    if isinstance(
        error, OSError
    ):  # of files and folders: those of connections are translated where they come up
        _say(path, f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}")
        return next((code for kind, code in codes.items() if isinstance(error, kind)), Exit.CANTCREAT)
    _say(path, causes(error))
    return exit_for(error, codes)


def _say(path: str, text: str) -> None:
    print(for_reading(f"{path}: {text}", sys.stderr), file=sys.stderr)
