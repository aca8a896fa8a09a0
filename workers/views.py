"""The one thing that workers ask of the job views."""

from typing import Protocol

from events.projections.job_view import JobView


class Views(Protocol):
    """The stored job views."""

    async def get(self, job_id: str) -> JobView | None:
        """Return a job's view; None when there is none yet. Raises Unavailable."""
