"""`tonearm jobs zip`: the audio of the jobs that are named, or that a filter chooses, in one ZIP."""

import errno
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from cli.client.answers import Archive, Job, read_as
from cli.client.asking import asking
from cli.client.download import download_archive
from cli.client.gateway import Gateway
from cli.errors import NothingFound, WrongArgument
from cli.exits import Exit
from cli.jobs.choice.filters import Filters
from cli.jobs.choice.ids import job_meant
from cli.jobs.choice.pages import listed
from cli.jobs.choice.which import Which, choosing
from cli.jobs.exits import OF_SEVERAL
from cli.pretty import console_for, size
from cli.tree.command import command
from cli.tree.ending import complain
from cli.tree.printer import Printer, printing
from events.projections.job_view import State

MOST = 1000
"""Jobs that a ZIP holds, as the gateway has it."""
NAME = "tonearm.zip"
EXITS = {**OF_SEVERAL, Exit.CANTCREAT: "the file cannot be written, or is there already"}


@command(
    name="zip",
    examples=["tonearm jobs zip --all", "tonearm jobs zip --since 7d -o week.zip"],
    exits=EXITS,
    output="Archive",
)
@choosing(State.CONVERTED, State.NOTIFIED)
@click.option(
    *("-o", "--output"),
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=NAME,
    help=f"where it goes ({NAME})",
)
@click.option("--force", is_flag=True, help="replace the file if it is there")
@printing
@asking
def archive(gateway: Gateway, which: Which, output: Path, force: bool, out: Printer) -> Exit:
    """Download the audio of several jobs as one ZIP. A download that was broken off goes on there."""
    return fetch(gateway, which, output, out, force=force)


def fetch(gateway: Gateway, which: Which, target: Path, out: Printer, *, force: bool) -> Exit:
    """Download the ZIP. Those of the named jobs that have no audio are reported, and left out."""
    from cli.convert.screen import Screen

    if target.exists() and not force:
        raise FileExistsError(errno.EEXIST, "it is there already: --force replaces it", str(target))
    named = (job_meant(gateway, each) for each in which.named)
    job_ids = list(named if which.named else with_audio(gateway, which.filters))
    if not job_ids:
        raise NothingFound("you have no such jobs with audio")
    if len(job_ids) > MOST:
        raise WrongArgument(f"a ZIP holds {MOST:,} jobs at most, and these are {len(job_ids):,}: use filters")
    with gateway.asking("POST", "/archives", json={"job_ids": job_ids}) as answer:
        made = read_as(answer, Archive)
        body = answer.content
    screen = Screen(console_for(sys.stderr), console_for(sys.stdout))
    with screen.transfer("downloading", target.name, made.bytes) as got:
        download_archive(gateway, made, target, got, force=force)
    files = "file" if made.files == 1 else "files"
    out.one(body, lambda: screen.result(f"{target} ({made.files:,} {files}, {size(made.bytes)})"))
    for refused in made.refused:
        complain(f"{refused.job_id}: {refused.detail}")
    return Exit.REFUSED if made.refused else Exit.OK


def with_audio(gateway: Gateway, filters: Filters) -> Iterator[str]:
    """Yield the ids of the jobs that the filters choose and that have audio, newest first."""
    for item in listed(gateway, filters.parameters()):
        job = msgspec.json.decode(item, type=Job)
        if job.audio is not None and filters.name_fits(job):
            yield job.job_id
