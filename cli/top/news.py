"""The news that comes to the cockpit: from the gateway, and from who sits before it."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from cli.top.answers import AnyJob, Event, History, Overview, Parked
from events.errors import TonearmError


class Looked(Struct, frozen=True):
    """The state of the system at a time."""

    at: datetime
    overview: Overview


class Away(Struct, frozen=True):
    """The gateway did not answer, and why."""

    at: datetime
    why: str


class Remembered(Struct, frozen=True):
    """Numbers of the last hour."""

    history: History


class Heard(Struct, frozen=True):
    """An event."""

    event: Event


class Met(Struct, frozen=True):
    """Jobs, newest first; `state` is the one that was asked for."""

    jobs: Sequence[AnyJob]
    state: str = ""


class Listening(Struct, frozen=True):
    """The stream of events is open: what there is comes at once."""


class GivenUp(Struct, frozen=True):
    """All work that was given up."""

    items: Sequence[Parked]


class Told(Struct, frozen=True):
    """A job with its story, as it stands."""

    job: AnyJob


class Said(Struct, frozen=True):
    """A sentence about what was asked for; `is_bad`: it could not be done."""

    text: str
    is_bad: bool = False


class Key(Struct, frozen=True):
    """A key: a character, or the name of another, such as `up` or `enter`."""

    name: str


class Ended(Struct, frozen=True):
    """It cannot go on."""

    error: TonearmError


News = Looked | Away | Remembered | Heard | Listening | Met | GivenUp | Told | Said | Key | Ended
