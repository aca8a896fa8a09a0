"""Exit codes. The numbers from 64 up are those of BSD's sysexits.h; 130 is what shells give for Ctrl-C."""

from collections.abc import Mapping
from enum import IntEnum

from cli.client.errors import (
    CredentialsMissing,
    NotAsItStands,
    NotThere,
    OptionsRefused,
    SignInRefused,
    Troubled,
    Unreachable,
)
from cli.errors import FileDamaged, NothingFound, Refused, WrongArgument
from cli.tree.extras import NotInstalled
from events.errors import InvalidEvent, LogDamaged, TonearmError, Unavailable
from infra.local.errors import LocalError
from service.settings import InvalidSetting


class Exit(IntEnum):
    """The exit codes of all commands."""

    OK = 0
    FAILED = 1
    DIFFERENT = 1
    """The same number, of commands that compare. Those never end with FAILED."""
    USAGE = 2
    NOTHING = 4
    """Nothing was found, and that is all that is wrong."""
    DATAERR = 65
    NOINPUT = 66
    UNAVAILABLE = 69
    REFUSED = 70
    UNEXPECTED = 70
    CANTCREAT = 73
    NOPERM = 77
    INTERRUPTED = 130


Codes = Mapping[type[TonearmError], Exit]

_USUAL: Codes = {
    WrongArgument: Exit.USAGE,
    InvalidSetting: Exit.USAGE,
    NothingFound: Exit.NOTHING,
    FileDamaged: Exit.DATAERR,
    LogDamaged: Exit.DATAERR,
    InvalidEvent: Exit.DATAERR,
    Refused: Exit.REFUSED,
    Unavailable: Exit.UNAVAILABLE,
    LocalError: Exit.UNAVAILABLE,
    NotInstalled: Exit.UNAVAILABLE,
    CredentialsMissing: Exit.NOPERM,
    SignInRefused: Exit.NOPERM,
    OptionsRefused: Exit.USAGE,
    NotThere: Exit.NOTHING,
    NotAsItStands: Exit.REFUSED,
    Troubled: Exit.UNAVAILABLE,
    Unreachable: Exit.UNAVAILABLE,
}


def exit_for(error: TonearmError, own: Codes | None = None, *, otherwise: Exit = Exit.FAILED) -> Exit:
    """Return the exit code for an error. `own` are a command's codes for further kinds of error."""
    kinds = [*(own or {}).items(), *_USUAL.items()]  # its own first
    return next((code for kind, code in kinds if isinstance(error, kind)), otherwise)
