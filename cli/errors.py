"""Errors of the commands, and an error in words.

TonearmError
├── WrongArgument   an argument does not mean anything
├── Refused         it cannot be done as things stand
├── NothingFound    what was asked for is nowhere
├── NoViews         there are no views to compare with the log
└── FileDamaged     an exported file is not what its manifest describes

Some rooms have errors of their own, such as `cli.client.errors`.
"""

import re

from events.errors import TonearmError, in_words, reason

_BOILERPLATE = re.compile(r" \(configured timeouts: .*", re.DOTALL)
"""The end of every time-out's text in pymongo."""


class WrongArgument(TonearmError):
    """An argument does not mean anything; the text names what it should be."""


class Refused(TonearmError):
    """It cannot be done as things stand; the text names what would have to change."""


class NothingFound(TonearmError):
    """Nothing was found; the text names what was looked for."""


class NoViews(TonearmError):
    """There are no views to compare with the log: they are not equal, nor do they differ."""


class FileDamaged(TonearmError):
    """An exported file is not what its manifest describes."""


def stack_is_down(otherwise: str) -> str:
    """Return the sentence for who needs the local stack, as nothing names another; `otherwise` what would."""
    return f"the local stack does not run; start it with `./justw up`, or {otherwise}"


def causes(error: BaseException) -> str:
    """Return an error's sentence and those of its causes."""
    texts: list[str] = []
    link: BaseException | None = error
    while link is not None:
        silent = isinstance(link, TimeoutError)  # caused by the cancellation that every time-out is
        text = in_words(_BOILERPLATE.sub("", str(link))) or (reason(link) if silent else type(link).__name__)
        if not any(text in known for known in texts):
            texts.append(text)
        link = None if silent else link.__cause__
    return "\n  because: ".join(texts)
