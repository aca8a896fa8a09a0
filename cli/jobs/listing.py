"""`tonearm jobs list` and `count`: your jobs, newest first, and how many there are in each state."""

import click
from msgspec import Struct

from cli.client.answers import Job, read_as
from cli.client.asking import EXITS, asking
from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.exits import Exit
from cli.jobs.choice.filters import Filters, filtering
from cli.jobs.choice.pages import listed
from cli.jobs.shown import COLUMNS
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from cli.tree.types import COUNT
from events.projections.job_view import State

_LISTED = 20


class Counts(Struct, frozen=True):
    """The number of jobs, and of those in each state."""

    total: int
    states: dict[str, int]


@command(
    name="list",
    examples=[
        "tonearm jobs",
        "tonearm jobs --state failed --since yesterday",
        "tonearm jobs --all --format '{job_id} {audio[bytes]:>12,} {filename}'",
    ],
    exits={**EXITS, Exit.NOTHING: "there are no such jobs"},
    output="ListedJob",
)
@filtering(*State)
@click.option("-n", "--last", type=COUNT, help=f"at most so many ({_LISTED})")
@click.option("--all", "every", is_flag=True, help="however many there are")
@printing
@asking
def jobs(gateway: Gateway, filters: Filters, last: int | None, every: bool, out: Printer) -> None:
    """Print your jobs, newest first."""
    if last and every:
        raise click.UsageError("-n and --all exclude each other")
    most = None if every else last or _LISTED
    if not out.table(listed(gateway, filters.parameters(), most), Job, COLUMNS):
        raise NothingFound("you have no such jobs")


@command(examples=["tonearm jobs count --since 7d"], exits=EXITS, output="Counts")
@filtering()
@printing
@asking
def count(gateway: Gateway, filters: Filters, out: Printer) -> None:
    """Print how many jobs there are in each state, of all or of those that the filters choose."""
    with gateway.asking("GET", "/jobs/counts", params=filters.parameters()) as answer:
        counts = read_as(answer, Counts)
        body = answer.content
    known = [(state, f"{number:,}") for state, number in counts.states.items() if number]
    out.rows(body, [*known, ("all", f"{counts.total:,}")])
