"""`tonearm retry`: convert jobs once more, perhaps with other options."""

from urllib.parse import urlencode

import click

from cli.client.asking import asking
from cli.client.gateway import Gateway
from cli.exits import Exit
from cli.jobs.choice.many import to_many
from cli.jobs.choice.which import Which, choosing
from cli.jobs.exits import OF_SEVERAL
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from cli.tree.types import PAIR
from events.projections.job_view import State


@command(
    examples=["tonearm retry @-1", "tonearm retry --all --since today", "tonearm retry 0199 -O format=opus"],
    exits=OF_SEVERAL,
    output=("Job", "Done"),
)
@choosing(State.FAILED, State.CANCELLED)
@click.option(
    *("-O", "--option", "wished"),
    type=PAIR,
    multiple=True,
    metavar="NAME=VALUE",
    help="another option than before: then it is another job of the same video",
)
@printing
@asking
def retry(gateway: Gateway, which: Which, wished: tuple[tuple[str, str], ...], out: Printer) -> Exit:
    """Convert jobs once more that failed or were cancelled."""
    form = {
        "content": urlencode(wished).encode(),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }
    asked = form if wished else {}
    return to_many(gateway, which, "retry", lambda job: f"job {job} waits for a converter", out, **asked)
