"""The query parameters that choose jobs, for every route that takes some of an account's."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar.params import QueryParameter

from events.options import A_QUALITY, SAMPLE_RATES, is_quality
from events.projections.job_view import State
from events.views.selection import Selection
from events.wishes import NAMES, NotUnderstood, value
from gateway.errors import BadParameters, Fault
from gateway.http.parameters import SHA256

InState = Annotated[State | None, QueryParameter(name="state", description="Only jobs in this state.")]
Named = Annotated[
    str, QueryParameter(max_length=200, description="Only jobs with this in their file's name, in any case.")
]
NamedOrSpoken = Annotated[
    str,
    QueryParameter(
        max_length=200,
        description="Only jobs with this in their file's name, or said in their transcripts, in any case.",
    ),
]
Naming = Annotated[
    str | None,
    QueryParameter(
        min_length=1, max_length=200, description="Only jobs with this in their file's name, in any case."
    ),
]
"""The same where something is done to the jobs: a name that a script has left empty would mean them all."""
OfFamily = Annotated[UUID | None, QueryParameter(description="Only jobs of this family: of one video.")]
OfVideo = Annotated[
    str | None,
    QueryParameter(
        name="video_sha256", pattern=SHA256, description="Only jobs of the video with this SHA-256, in hex."
    ),
]
Since = Annotated[datetime | None, QueryParameter(description="Only jobs created then, or later.")]
Until = Annotated[datetime | None, QueryParameter(description="Only jobs created before.")]


def selection(
    state: State | None,
    name: str | None,
    family: UUID | None,
    since: datetime | None,
    until: datetime | None,
    options: tuple[tuple[str, Any], ...] = (),
    spoken: frozenset[str] = frozenset(),
    *,
    video: str | None = None,
) -> Selection:
    """Return the jobs that a request means. `spoken`: those whose audio says what the name would be."""
    return Selection(
        state=state,
        name=name or "",
        family=str(family) if family else "",
        since=since,
        until=until,
        options=options,
        spoken=spoken,
        video=(video or "").lower(),
    )


def options(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, Any], ...]:
    """Return the options that jobs shall have, from a query; other parameters are left alone.

    Raises BadParameters for each that means nothing, or that no job can have.
    """
    wanted: list[tuple[str, Any]] = []
    wrong: list[Fault] = []
    for name, text in pairs:
        if name in NAMES:
            try:
                wanted.append((name, told := value(name, text)))
            except NotUnderstood as error:
                wrong.append(Fault(name, str(error)))
                continue
            if name == "sample_rate" and told not in (None, *SAMPLE_RATES):
                wrong.append(Fault(name, f"give one of {', '.join(map(str, SAMPLE_RATES))}"))
            if name == "quality" and not is_quality(told):
                wrong.append(Fault(name, A_QUALITY))
    if wrong:
        raise BadParameters(wrong)
    return tuple(wanted)
