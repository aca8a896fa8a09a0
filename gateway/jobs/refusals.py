"""Jobs that are left out where something is asked of many."""

from msgspec import Struct

from gateway.errors import GatewayError
from gateway.http.problems import kind_of


class Refusal(Struct, frozen=True, kw_only=True):
    """A job to which it was not done. `type` and `detail` are those of the problem that it alone would be."""

    job_id: str
    type: str
    detail: str


def refusal(job_id: str, error: GatewayError) -> Refusal:
    """Return why a job is left out."""
    return Refusal(job_id=job_id, type=kind_of(error).type, detail=str(error))
