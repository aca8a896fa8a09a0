"""`tonearm delete`: delete jobs for good."""

from urllib.parse import quote

import click
import msgspec
from msgspec import Struct

from cli.client.answers import Job
from cli.client.asking import asking
from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.exits import Exit
from cli.jobs.choice.each import to_each
from cli.jobs.choice.pages import listed
from cli.jobs.choice.which import Which, choosing
from cli.jobs.exits import OF_SEVERAL
from cli.jobs.shown import COLUMNS
from cli.streams.remarks import say
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from events.projections.job_view import State


class Deleted(Struct, frozen=True):
    """A job that is deleted."""

    job_id: str


@command(
    examples=["tonearm delete @-1", "tonearm delete --state failed", "tonearm delete --until 30d --yes"],
    exits=OF_SEVERAL,
    output=(Deleted, "ListedJob"),
)
@choosing(*(state for state in State if state is not State.DELETED))
@click.option("--yes", is_flag=True, help="with --all or a filter: do it, instead of naming them")
@printing
@asking
def delete(gateway: Gateway, which: Which, yes: bool, out: Printer) -> Exit:
    """Delete jobs for good, with their videos and audio. Without --yes those of a filter are only named."""
    named = which.named

    def one(job_id: str) -> None:
        with gateway.asking("DELETE", f"/jobs/{quote(job_id, safe='')}"):
            pass
        out.line(msgspec.json.encode(Deleted(job_id)), f"job {job_id} is deleted")

    if not named:
        known = (
            (item, msgspec.json.decode(item, type=Job))
            for item in listed(gateway, which.filters.parameters())
        )
        found = [(item, job.job_id) for item, job in known if which.filters.name_fits(job)]
        if not found:
            raise NothingFound("you have no such jobs")
        if not yes:
            out.table((item for item, _ in found), Job, COLUMNS)
            say(f"dry run: --yes deletes these {len(found):,} jobs for good")
            return Exit.OK
        named = tuple(job_id for _, job_id in found)
    return to_each(gateway, named, one)
