"""An event in a few words: the state that it brings a job to, and a note. Pure."""

from typing import NamedTuple

import msgspec

from cli.log.log import Line
from events.envelope import Event, Recorded
from events.errors import InvalidEvent
from events.payload import Aggregate
from events.projections.jobs import evolve
from events.summary import summary


class Words(NamedTuple):
    """The state; empty where the event changes none. The note holds what people typed: escape it."""

    state: str
    note: str


def words(line: Line) -> Words:
    """Return a line in words: as the timeline of its job has it, else its data's names and values."""
    if line.event is None:
        return Words("", f"not an event: {line.problem}")
    if line.event.aggregate is Aggregate.JOB:
        try:
            view = evolve(None, Recorded(line.offset, line.event))
        except InvalidEvent as error:
            return Words("", f"invalid: {error.reason}")
        if view is not None:
            [entry] = view.timeline
            return Words(entry.state or "", entry.note)
    return Words("", _facts(line.event))


def _facts(event: Event) -> str:
    try:
        data = msgspec.json.decode(summary(event).data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return bytes(event.data).decode(errors="replace")
    told = ((name, value if isinstance(value, str) else _json(value)) for name, value in data.items())
    return ", ".join(f"{name} {value}" for name, value in told if value)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
