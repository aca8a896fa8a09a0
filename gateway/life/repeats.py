"""Converting once more what failed or was cancelled: another run, or with other options another job."""

from events.projections.job_view import JobView
from gateway.errors import NotSeenYet
from gateway.jobs.live import LiveJobs
from gateway.life.runs import Runs
from gateway.quotas.door import OPEN, Entrance
from gateway.uploads.intake import Intake
from gateway.uploads.options import Given, Wish, options_of, texts
from gateway.uploads.presets import Presets


class Repeats:
    """Begins further runs, and further jobs of the same video."""

    def __init__(self, runs: Runs, intake: Intake, presets: Presets, live: LiveJobs) -> None:
        self._runs, self._intake, self._presets, self._live = runs, intake, presets, live

    async def repeat(
        self, view: JobView, given: Given, key: str | None = None, entrance: Entrance = OPEN
    ) -> JobView:
        """Return the job in its next run; with other options, the family's next job.

        What is neither given nor in the preset that is named stays as it was in the job.

        Raises WrongState, JobGone, BadOptions, TooManyOutputs, QuotaExceeded, KeyRefused, MaybeAccepted,
        NotConfirmed, NotSeenYet, Unavailable.
        """
        async with self._runs.repeatable(view) as video:
            if not given:
                async with entrance.admitted(view.job_id, run=view.run + 1):
                    return await self._runs.begin(view, video)
            chosen = await self._presets.chosen(view.account, given)
            wish = Wish(options_of(given, chosen, texts(video.options)), given)
            accepted = await self._intake.convert_again(view, video, wish, key, entrance)
        again = await self._live.view(accepted.job_id)
        if again is None:
            raise NotSeenYet(f"the log has job {accepted.job_id}, and it was not read in time")
        return again
