"""The query parameters that choose jobs, for every route that takes some of an account's."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.params import QueryParameter

from events.projections.job_view import State
from events.views.selection import Selection

InState = Annotated[State | None, QueryParameter(name="state", description="Only jobs in this state.")]
Named = Annotated[
    str, QueryParameter(max_length=200, description="Only jobs with this in their file's name, in any case.")
]
OfFamily = Annotated[UUID | None, QueryParameter(description="Only jobs of this family: of one video.")]
Since = Annotated[datetime | None, QueryParameter(description="Only jobs created then, or later.")]
Until = Annotated[datetime | None, QueryParameter(description="Only jobs created before.")]


def selection(
    state: State | None, name: str, family: UUID | None, since: datetime | None, until: datetime | None
) -> Selection:
    """Return the jobs that a request means."""
    return Selection(
        state=state,
        name=name,
        family=str(family) if family else "",
        since=since,
        until=until,
    )
