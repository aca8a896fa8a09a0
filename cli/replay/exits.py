"""How the tool ends, for scripts, and the errors that are its own."""

import re
from enum import IntEnum

from events.errors import InvalidEvent, LogDamaged, TonearmError, Unavailable
from service.settings import InvalidSetting


class Exit(IntEnum):
    """Exit codes. Those from 64 up are of BSD's sysexits.h; 130 is what shells give for Ctrl-C."""

    OK = 0
    DIFFERENT = 1
    USAGE = 2
    DAMAGED = 65
    NO_VIEWS = 66
    UNAVAILABLE = 69
    REFUSED = 70
    UNEXPECTED = 70
    INTERRUPTED = 130


class Refused(TonearmError):
    """What was asked for cannot be done as things stand; the text says what would have to change."""


class WrongArgument(TonearmError):
    """An argument does not mean anything; the text says what it should be."""


class NoViews(TonearmError):
    """There are no views to compare with the log: they are not equal, nor do they differ."""


class FileDamaged(TonearmError):
    """An exported file is not what its manifest says."""


def exit_for(error: TonearmError) -> Exit:
    """Return the exit code that says what kind of error it was."""
    match error:
        case InvalidSetting() | WrongArgument():
            return Exit.USAGE
        case LogDamaged() | FileDamaged() | InvalidEvent():
            return Exit.DAMAGED
        case NoViews():
            return Exit.NO_VIEWS
        case Unavailable():
            return Exit.UNAVAILABLE
        case _:
            return Exit.REFUSED


_BOILERPLATE = re.compile(r" \(configured timeouts: .*", re.DOTALL)
"""What pymongo adds to every time-out."""


def causes(error: BaseException) -> str:
    """Return an error's sentence and those of what caused it."""
    texts: list[str] = []
    link: BaseException | None = error
    while link is not None:
        text = _BOILERPLATE.sub("", str(link)) or type(link).__name__
        if not any(text in known for known in texts):
            texts.append(text)
        link = link.__cause__
    return "\n  because: ".join(texts)
