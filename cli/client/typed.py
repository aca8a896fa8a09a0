"""Secrets that a person types unseen, or a script sends on standard input: never on the command's line."""

import getpass
import sys

from cli.errors import WrongArgument
from cli.pretty import visible


def secret(question: str) -> str:
    """Return a line that is typed unseen, or the first of standard input. Raises WrongArgument."""
    if sys.stdin.isatty():
        return getpass.getpass(visible(question))
    if not (line := sys.stdin.readline().rstrip("\r\n")):
        raise WrongArgument("nothing came on standard input")
    return line
