"""The routes that show work that was given up, and ask for it again."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct

from events.log import topology
from events.projections.job_view import State
from events.work.parked import ParkedWork, Remedy
from gateway.admin.parked_work import Found, ParkedQueues, job_of
from gateway.callers.guard import AnyRequest
from gateway.http.contract import Contract
from gateway.uploads import option_bodies
from service.scopes import OPERATE

QueueName = Literal["video", "video.bulk", "mp3", "letters", "news", "hooks", "imports"]
_Queue = Annotated[
    QueueName | None,
    QueryParameter(description="Only work of this queue."),
]


class ParkedItem(Struct, frozen=True, kw_only=True):
    """Work that was given up. `reason` is the worker's, for operators. `attempt` was the last one.

    Unreadable work has no `event_id`, work of an account no job. `state` is the job's, as it stands. `remedy`
    is what asking for it again does: `run` begins another run, `hand_out` puts it back into its queue, `drop`
    removes what is not needed any more, `keep` leaves it.
    """

    queue: str
    event_id: str | None
    type: str | None
    job_id: str | None
    account: str | None
    attempt: int
    reason: str
    state: State | None
    remedy: Remedy


class ParkedItems(Struct, frozen=True, kw_only=True):
    """Work that was given up, by queue, in the order in which it was."""

    items: list[ParkedItem]


@get(
    "/admin/parked",
    operation_id="listParkedWork",
    tags=["administration"],
    opt=Contract(scope=OPERATE, errors=()).opt,
)
async def list_parked(
    parked_queues: NamedDependency[ParkedQueues],
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="Messages of each queue, at most.")] = 50,
) -> ParkedItems:
    """List the work that was given up, with the reason."""
    return _shown(await parked_queues.look(limit))


@post(
    "/admin/parked/requeue",
    status_code=200,
    operation_id="requeueParkedWork",
    tags=["administration"],
    opt=Contract(scope=OPERATE, errors=option_bodies.ERRORS).opt,
)
async def requeue_parked(
    request: AnyRequest,
    parked_queues: NamedDependency[ParkedQueues],
    queue: _Queue = None,
    job_id: Annotated[UUID | None, QueryParameter(description="Only work of this job.")] = None,
) -> ParkedItems:
    """Ask again for work that was given up: all, or that of a queue or a job.

    The answer shows what was done with each. One call looks at the first thousand messages of each queue.
    """
    await option_bodies.refuse(request)

    def choice(work: ParkedWork) -> bool:
        return job_id is None or job_of(work) == str(job_id)

    return _shown(await parked_queues.ask_again(choice, (queue,) if queue else topology.WORK_QUEUES))


def _shown(found: list[Found]) -> ParkedItems:
    return ParkedItems(items=[_item(each) for each in found])


def _item(found: Found) -> ParkedItem:
    work, event = found.work, found.work.event
    return ParkedItem(
        queue=work.queue,
        event_id=event.id if event else None,
        type=event.type if event else None,
        job_id=job_of(work) or None,
        account=event.account if event else None,
        attempt=work.attempt,
        reason=work.reason,
        state=found.view.state if found.view else None,
        remedy=found.remedy,
    )


ROUTES = [list_parked, requeue_parked]
