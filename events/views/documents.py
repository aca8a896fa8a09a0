"""The document of MongoDB that stores a job view.

    _id     the job
    place   account/job: pages are ranges of this one index, newest first, since job ids sort by time
    state   to filter by
    seen    the highest offset in it: the guard of every write
    video   the SHA-256 of its video: to find the other jobs of a video by, whoever uploaded it again
    owed    true while files of the job are still to be erased; else it is not there
    view    the whole view as JSON text

The view is packed because no query looks into it, and the database writes and reads it several times faster
that way. It is JSON so that `mongosh` shows it. It is text because BSON cuts times to milliseconds, and a
rebuilt view must equal the stored one.
"""

import re
from typing import Any

import msgspec

from events.projections.erasures import owed
from events.projections.job_view import SETTLED, JobView, State

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(JobView).decode

Document = dict[str, Any]


def pack(view: JobView) -> Document:
    """Return the document to store."""
    return {
        "_id": view.job_id,
        "place": place(view.account, view.job_id),
        "state": view.state.value,
        "seen": view.seen,
        **({"video": view.video.sha256} if view.video else {}),
        "view": _encode(view).decode(),
        **({"owed": True} if owed(view) else {}),
    }


def unpack(document: Document) -> JobView:
    """Return the view in a stored document. Raises KeyError, TypeError, msgspec.DecodeError."""
    return _decode(document["view"])


def needing(account: str, video_id: str) -> Document:
    """Return the query for the jobs of an account that are not deleted and are made from this video.

    It looks into the packed text, bounded by the account's places: rarely asked for, so not worth a field.
    """
    lower, upper = places(account)
    return {
        "place": {"$gte": lower, "$lt": upper},
        "state": {"$ne": State.DELETED.value},
        "view": {"$regex": f'"video_id":{re.escape(_encode(video_id).decode())}'},
    }


def waiting(account: str, video_id: str, since: str) -> Document:
    """Return the query for the jobs of `needing` that are not over, from the job `since` on."""
    query = needing(account, video_id)
    query["place"]["$gte"] = place(account, since)
    return {**query, "state": {"$in": sorted(set(State) - SETTLED)}}


def index_of(account: str | None) -> str:
    """Return the field by which an account's jobs are paged; all accounts' (None), by their ids alone."""
    return "_id" if account is None else "place"


def unfinished(since: str) -> Document:
    """Return the query for all jobs that are not over, from the job `since` on."""
    return {"_id": {"$gte": since}, "state": {"$in": sorted(set(State) - SETTLED)}}


def converted(since: str) -> Document:
    """Return the query for all jobs that came to audio, from the job `since` on."""
    return {"_id": {"$gte": since}, "state": {"$in": sorted({State.CONVERTED, State.NOTIFIED})}}


def place(account: str | None, job_id: str) -> str:
    """Return the place of a job among all of an account, or of all accounts (None), by time."""
    return job_id if account is None else f"{account}/{job_id}"


def places(account: str | None) -> tuple[str, str]:
    """Return the lower end of an account's places, and the upper end, which is not one of them."""
    if account is None:
        return "", "g"  # ids are hexadecimal
    return f"{account}/", f"{account}0"  # "0" is the character after "/"
