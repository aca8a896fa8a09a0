"""The route that deletes a job."""

from litestar import delete
from litestar.di import NamedDependency
from litestar.params import FromPath

from events.types import DeletionReason
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import JobGone, NoSuchJob
from gateway.http.contract import Contract
from gateway.jobs.own_jobs import OwnJobs
from gateway.life.deletions import Deletions
from service.scopes import MANAGE, OPERATE


@delete(
    "/jobs/{job_id:str}",
    operation_id="deleteJob",
    tags=["jobs"],
    status_code=204,
    opt=Contract(scope=MANAGE, errors=(NoSuchJob, JobGone)).opt,
)
async def delete_job(
    request: AnyRequest,
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    deletions: NamedDependency[Deletions],
) -> None:
    """Delete a job for good: its video, its audio, its names. An administrator may delete anybody's.

    From then on the job is 410, with the receipt. A video that other jobs of its family need stays with them.
    """
    caller = caller_of(request)
    try:
        view = await own_jobs.get(caller.account, job_id)
    except NoSuchJob:
        if OPERATE not in caller.scopes:
            raise
        view = await own_jobs.of_anybody(job_id)
    is_own = view.account == caller.account
    await deletions.delete(view, DeletionReason.USER if is_own else DeletionReason.ADMIN)


ROUTES = [delete_job]
