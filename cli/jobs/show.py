"""`tonearm show`: a job, and what has happened to it."""

import sys
from urllib.parse import quote

import click
import msgspec

from cli.client.answers import Job, read_as
from cli.client.asking import asking
from cli.client.errors import NotThere
from cli.client.gateway import Gateway
from cli.exits import Exit
from cli.jobs.choice.argument import job_argument
from cli.jobs.choice.ids import job_meant
from cli.jobs.exits import OF_ONE
from cli.jobs.shown import facts, receipt
from cli.pretty import console_for
from cli.tree.command import command
from cli.tree.printer import Printer, print_rows, printing
from cli.tree.types import PLACE


@command(
    examples=[
        "tonearm show @-1",
        "tonearm show 0199 --at 10:00",
        "tonearm show @-1 --format '{audio[sha256]}'",
    ],
    exits=OF_ONE,
    output=("Job", "Problem"),
)
@job_argument
@click.option("--at", type=PLACE, help="as it was: at an offset of the log, or at a time")
@printing
@asking
def show(gateway: Gateway, job: str, at: str | None, out: Printer) -> Exit:
    """Print a job, and what has happened to it. Of a deleted one the receipt is left."""
    job_id = job_meant(gateway, job)
    try:
        with gateway.asking(
            "GET", f"/jobs/{quote(job_id, safe='')}", params={"at": at} if at else {}
        ) as answer:
            found = read_as(answer, Job)
            body = answer.content
    except NotThere as error:
        if "deleted_at" not in error.problem:
            raise
        out.rows(msgspec.json.encode(error.problem), [("job", job_id), *receipt(error.problem)])
        return Exit.NOTHING
    out.one(body, lambda: _tell(found, gateway.url))
    return Exit.OK


def _tell(job: Job, url: str) -> None:
    from cli.convert.screen import print_timeline

    print_rows(facts(job, url))
    print()
    print_timeline(console_for(sys.stdout), job.timeline)
