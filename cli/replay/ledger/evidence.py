"""The evidence outside of the log: stored files, and the notifier's notes of its tries."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from cli.replay.ledger.effects import Evidence, File, Note
from service.blobs import AUDIO, BARE, VIDEOS, Blob
from workers.notifier.mail.sent import COLLECTION, Outcome

_AT_ONCE = 2000
_KNOWN = (Outcome.SENT, Outcome.REFUSED)


async def gather(
    database: AsyncDatabase[Any], is_meant: Callable[[str], bool], wanted: Collection[str]
) -> Evidence:
    """Read what there is of some jobs and accounts, and which of the `wanted` videos. Raises PyMongoError."""
    videos: defaultdict[str, list[File]] = defaultdict(list)
    audio: defaultdict[str, list[File]] = defaultdict(list)
    stored: set[str] = set()
    async for document in _all(database, f"{VIDEOS}.files", BARE):
        file, job_id = _file(document)
        if file.id in wanted:
            stored.add(file.id)
        if is_meant(job_id):
            videos[job_id].append(file)
    async for document in _all(database, f"{AUDIO}.files", BARE):
        file, job_id = _file(document)
        if is_meant(job_id):
            audio[job_id].append(file)
    notes = {
        str(document["_id"]): _note(document)
        async for document in _all(database, COLLECTION, {"about": 1, "state": 1, "tries": 1})
        if is_meant(str(document.get("about", "")))
    }
    return Evidence(videos=videos, audio=audio, notes=notes, stored=stored)


async def _all(
    database: AsyncDatabase[Any], collection: str, fields: Mapping[str, int]
) -> AsyncIterator[dict[str, Any]]:
    cursor = database[collection].find({}, fields, batch_size=_AT_ONCE)
    while batch := await cursor.to_list(_AT_ONCE):
        for document in batch:
            yield document


def _file(document: dict[str, Any]) -> tuple[File, str]:
    blob = Blob.of(document)
    return File(id=blob.id, stored=blob.uploaded, run=blob.run, attempt=blob.attempt), blob.job_id


def _note(document: dict[str, Any]) -> Note:
    """Read a note; those of earlier versions record only that the mail was sent."""
    tries = list((document.get("tries") or {}).values())
    sent = tuple(sorted(int(each["attempt"]) for each in tries if each.get("outcome") == Outcome.SENT))
    maybe = tuple(sorted(int(each["attempt"]) for each in tries if each.get("outcome") not in _KNOWN))
    return Note(sent or ((0,) if document.get("state") == Outcome.SENT else ()), maybe)
