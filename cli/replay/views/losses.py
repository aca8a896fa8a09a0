"""Events that views have seen and the log lacks, and work about which nothing was done."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from msgspec import DecodeError
from pymongo.asynchronous.database import AsyncDatabase

from cli.errors import Refused
from cli.log.log import SKEW, Log
from cli.replay.views.proof import ABOUT, asks_for_work, proven_event
from cli.replay.views.versions import Version
from cli.streams.remarks import Meter
from events.envelope import Event
from events.ids import event_id
from events.log.stream import First, FromOffset, FromTime, Start
from events.projections.job_view import Entry, JobView
from events.types import JobConverted, JobNotified, JobRequeued, JobUploaded
from events.views.documents import unpack
from events.views.projector import identity


class Loss(NamedTuple):
    """An entry of a view's timeline that the log lacks. `event` is None where it is not proven: `why`."""

    view: JobView
    entry: Entry
    event: Event | None
    why: str

    @property
    def is_work(self) -> bool:
        """True if something is still to be done about it."""
        return asks_for_work(self.view, self.entry)


async def losses(
    log: Log, database: AsyncDatabase[Any], version: Version, since: FromTime | None
) -> AsyncIterator[Loss]:
    """Yield the entries of the views that the log lacks, in their old order: all, or those since a time."""
    ends = await log.ends()
    start: Start = FromTime(since.time - SKEW) if since else First()
    known = await _ids(log, start, ends.last) if ends else set()
    lacking = [
        (view, entry)
        async for view in _views(version)
        for entry in view.timeline
        if entry.id not in known and (since is None or entry.time >= since.time)
    ]
    if ends and lacking and (now := await log.ends()) is not None and now.last > ends.last:
        # A log at work has grown meanwhile, and the views with it.
        newer = await _ids(log, FromOffset(ends.last + 1), now.last)
        lacking = [(view, entry) for view, entry in lacking if entry.id not in newer]
    for view, entry in sorted(lacking, key=lambda each: each[1].offset):
        yield await _loss(database, view, entry)


async def waiting(version: Version, lost: set[str]) -> AsyncIterator[Event]:
    """Yield the events that the log has and about which something is still to be done."""
    async for view in _views(version):
        for entry in view.timeline:
            if entry.id not in lost and asks_for_work(view, entry) and (event := proven_event(view, entry)):
                yield event


async def _ids(log: Log, start: Start, to: int) -> set[str]:
    """Return the ids of a part of the log: some 150 bytes of memory each."""
    found: set[str] = set()
    with Meter("read", to) as meter:
        async with contextlib.aclosing(log.read(start, to)) as batches:
            async for batch in batches:
                found.update(identity(record.body) for record in batch)
                meter.at(batch[-1].offset, len(batch))
    return found


async def _views(version: Version) -> AsyncIterator[JobView]:
    async for batch in version.documents():
        for each in batch:
            try:
                yield unpack(each)
            except (KeyError, TypeError, DecodeError) as error:
                raise Refused(f"the stored view {each['_id']} is damaged") from error


async def _loss(database: AsyncDatabase[Any], view: JobView, entry: Entry) -> Loss:
    message_id = await _message_id(database, view, entry) if entry.type == JobNotified.TYPE else ""
    event = proven_event(view, entry, message_id=message_id)
    if event is None:
        return Loss(view, entry, None, "the view does not keep what it said")
    if gone := await _gone(database, view, entry):
        return Loss(view, entry, None, gone)
    return Loss(view, entry, event, "")


async def _message_id(database: AsyncDatabase[Any], view: JobView, entry: Entry) -> str:
    """Return the id of the mail, which the notifier has noted under the id of the event it is about."""
    about = event_id(view.job_id, entry.note.removeprefix(ABOUT), entry.run)
    note = await database["mails"].find_one({"_id": about})
    return str(note["message_id"]) if note else ""


async def _gone(database: AsyncDatabase[Any], view: JobView, entry: Entry) -> str:
    """Return a sentence about the blob that this event would promise and that is gone; empty for none."""
    if view.deletion is not None:
        return ""
    if entry.type == JobConverted.TYPE and view.audio and not view.audio_gone:
        whole = {"_id": view.audio.audio_id, "length": view.audio.bytes}
        return "" if await database["audio.files"].find_one(whole) else "its audio is not stored any more"
    if entry.type in (JobUploaded.TYPE, JobRequeued.TYPE) and view.video and asks_for_work(view, entry):
        whole = {"_id": view.video.video_id, "length": view.video.bytes}
        return "" if await database["videos.files"].find_one(whole) else "its video is not stored any more"
    return ""
