"""The errors of the log, grouped by what the reader can do about them.

TonearmError
├── Unavailable              try again later: a server is away, slow or refuses for now
│   ├── NotConfirmed         the broker did not confirm; the event may or may not be in the log
│   └── TopologyMissing      a binding or queue is not there; `.missing` names each
├── LogDamaged               stop and look: going on would lose events silently
│   ├── RetentionGap         the log no longer holds what the checkpoint needs
│   ├── CheckpointBeyondEnd  the checkpoint is later than the log's last event
│   └── CheckpointMismatch   another event stands where the checkpoint points
├── LeaseLost                somebody else projects now; step back
└── InvalidEvent             these bytes are not an event of ours; see `.reason`
"""

import os
import re
from typing import ClassVar

_NUMBERED = re.compile(r"\[Errno (-?\d+)\] (?:(Connect call failed \(.*?\))|(\w?))")
"""An operating system's error as Python writes it; asyncio hides the system's words behind its own."""


class TonearmError(Exception):
    """Every error this project raises on purpose. Its text is for our logs: it may name servers of ours."""

    sentence: ClassVar[str | None] = "Something went wrong on our side."
    """For everybody else. None: the text itself is for everybody."""

    @property
    def told(self) -> str:
        """The sentence for answers, for mails, and for events, which cannot be edited."""
        return str(self) if self.sentence is None else self.sentence


class Unavailable(TonearmError):
    """A server is away, slow, or refuses for now. Trying again later may succeed."""

    sentence = "A server that is needed for this is away or busy; try again in a moment."


class NotConfirmed(Unavailable):
    """The broker never confirmed: the event may or may not be in the log. Publish the same id again."""

    sentence = "The log did not confirm it in time: it may have been done or not."


class TopologyMissing(Unavailable):
    """The broker lacks an exchange, queue or binding; events would be lost silently."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__("the broker's topology is incomplete: " + "; ".join(missing))
        self.missing = missing


class LogDamaged(TonearmError):
    """The log and a checkpoint contradict each other. Never continue by guessing."""


class RetentionGap(LogDamaged):
    """Retention removed events that the checkpoint has not seen."""


class CheckpointBeyondEnd(LogDamaged):
    """The checkpoint is later than the last event: the log was replaced or lost its tail."""


class CheckpointMismatch(LogDamaged):
    """Another event stands at the checkpoint's offset: this is not the log it was made from."""


class LeaseLost(TonearmError):
    """Another process holds the lease now."""


class InvalidEvent(TonearmError):
    """These bytes are not an event of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def in_words(text: str) -> str:
    """Return an error's text without the numbers of the operating system's errors."""
    return _NUMBERED.sub(
        lambda found: _lowered(os.strerror(int(found[1]))) if found[2] else found[3].lower(), text
    )


def reason(error: BaseException) -> str:
    """Return why a server was not reached: of a driver's errors the innermost, the system's in words."""
    within = (*error.args, *getattr(error, "exceptions", ()), getattr(error, "exception", None))
    if inner := [each for each in within if isinstance(each, BaseException)]:
        return reason(inner[-1])
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    return in_words(str(error)) if isinstance(error, OSError) and str(error) else repr(error)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
