"""Events without what only a repetition of the work needs. It stays in the log, and is shown to who asks."""

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from events.envelope import Event
from events.types import JobConverted

LENGTHY = {JobConverted.TYPE: "arguments"}
"""The field to leave out, by type of event: ffmpeg's arguments take several kilobytes."""

_Fields = dict[str, Raw]


def summary(event: Event) -> Event:
    """Return the event without its lengthy field. Data that is no JSON object stays as it is."""
    name = LENGTHY.get(event.type)
    if name is None:
        return event
    try:
        fields = msgspec.json.decode(event.data, type=_Fields)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return event
    if fields.pop(name, None) is None:
        return event
    return replace(event, data=Raw(msgspec.json.encode(fields)))
