"""The number of jobs in each state, kept by adding what a batch of events changes.

After a crash a batch comes again, and the stored views are ahead of the checkpoint. Their timelines hold the
state at the checkpoint, so nothing is counted twice.
"""

from collections.abc import Mapping

from events.projections.job_view import JobView
from events.projections.join import state_at


def counted(
    jobs: Mapping[str, int],
    stored: Mapping[str, JobView],
    since: int,
    changed: Mapping[str, JobView],
    upto: int,
) -> dict[str, int]:
    """Return the jobs by state at offset `upto`, where `jobs` are those at `since`.

    `changed` are the views of all jobs with an event in between, `stored` their stored views.
    """
    counts = dict(jobs)
    for job_id, view in changed.items():
        old = stored.get(job_id)
        for state, by in ((state_at(old, since) if old else None, -1), (state_at(view, upto), 1)):
            if state is not None:
                counts[state.value] = counts.get(state.value, 0) + by
    return counts
