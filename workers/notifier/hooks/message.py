"""The message of a delivery: thin, as Standard Webhooks advises. Who wants more asks for the job. Pure.

All that a person has typed, such as the video's name, is text in JSON and nothing else.
"""

from datetime import datetime
from typing import Any

import msgspec

from events.projections.job_view import JobView
from events.types import TEST, HookRequested, JobDeleted, JobFailed


def body(hook_id: str, asked: HookRequested, at: datetime, view: JobView | None, public_url: str) -> str:
    """Return the JSON. `at`: the time at which the delivery was asked for; the view may have a better one."""
    if asked.about == TEST:
        return _json(asked.about, at, {"webhook_id": hook_id})
    entry = next((each for each in view.timeline if each.id == asked.event_id), None) if view else None
    data: dict[str, Any] = {
        "job_id": asked.job_id,
        "state": asked.about.removeprefix("job."),
        "url": f"{public_url}/jobs/{asked.job_id}",
    }
    if view and view.deletion is None and asked.about != JobDeleted.TYPE:
        data["filename"] = view.filename
    if view and view.failure and asked.about == JobFailed.TYPE:
        data |= {"code": view.failure.code, "message": view.failure.message}
    return _json(asked.about, entry.time if entry else at, data)


def _json(type_: str, at: datetime, data: dict[str, Any]) -> str:
    return msgspec.json.encode({"type": type_, "timestamp": at, "data": data}).decode()
