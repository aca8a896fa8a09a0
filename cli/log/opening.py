"""Records of the log with what is sealed in them opened."""

import contextlib

from events.envelope import Recorded, decode, to_json
from events.errors import InvalidEvent
from events.log.stream import RawRecord
from events.privacy.sealing import NO_KEYS, Keys

_MARK = b'"sealed":"'


async def opened(keys: Keys, batch: list[RawRecord]) -> list[RawRecord]:
    """Return the records with their events whole, as far as there are keys. Raises Unavailable."""
    if keys is NO_KEYS:
        return batch
    events = []
    for record in batch:
        if _MARK in record.body:
            with contextlib.suppress(InvalidEvent):
                events.append(Recorded(record.offset, decode(record.body)))
    if not events:
        return batch
    bodies = {each.offset: to_json(each.event) for each in await keys.opened(events)}
    return [record._replace(body=bodies.get(record.offset, record.body)) for record in batch]
