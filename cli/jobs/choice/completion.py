"""The jobs that a shell completes to."""

from collections.abc import Mapping
from typing import Any

from cli.client.answers import Jobs
from cli.client.glance import glance
from cli.errors import NothingFound
from cli.jobs.choice.ids import times_of

_MOST = 50
_NEAR = 9
"""Places from the last that are offered."""


def beginning_with(text: str, typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return ids that begin so, newest first, or places such as `@-1`, each with a few words about the job.

    `typed` are the command's options so far. Nothing comes of any trouble.
    """
    is_id = text and text[0] != "@"
    try:
        params = {"limit": str(_MOST), **(times_of(text) if is_id else {})}
    except NothingFound:  # no id begins so
        return []
    found = glance("/jobs", Jobs, typed, params)
    if found is None:
        return []
    if text.startswith("@"):
        named = [(f"@-{place}", job) for place, job in enumerate(found.items[:_NEAR], start=1)]
    else:
        named = [(job.job_id, job) for job in found.items]
    return [(name, f"{job.state}, {job.filename}") for name, job in named if name.startswith(text)]
