"""`tonearm cancel`: stop jobs that wait or are under way."""

from cli.client.asking import asking
from cli.client.gateway import Gateway
from cli.exits import Exit
from cli.jobs.choice.many import to_many
from cli.jobs.choice.which import Which, choosing
from cli.jobs.exits import OF_SEVERAL
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from events.projections.job_view import State


@command(
    examples=["tonearm cancel @-1", "tonearm cancel --all", "tonearm cancel --state uploaded --name talk"],
    exits=OF_SEVERAL,
    output=("Job", "Done"),
)
@choosing(State.UPLOADED, State.CONVERTING, State.RETRYING)
@printing
@asking
def cancel(gateway: Gateway, which: Which, out: Printer) -> Exit:
    """Stop jobs that wait or are under way. One that is cancelled already stays so, and that is no fault."""
    return to_many(gateway, which, "cancel", lambda job: f"job {job} is cancelled", out)
