"""`zip`: the audio of the jobs that are named, or that a filter chooses, in one ZIP."""

import argparse
import errno
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cli.client.answers import Archive, Job, read_as
from cli.client.download import download_archive
from cli.client.gateway import Gateway
from cli.convert.screen import Screen
from cli.errors import NothingFound, WrongArgument
from cli.exits import Exit
from cli.jobs import which
from cli.pretty import console_for, size, visible, write_json
from events.projections.job_view import State

MOST = 1000
"""Jobs that a ZIP holds, as the gateway has it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    which.add_jobs(parser, State.CONVERTED, State.NOTIFIED)
    parser.add_argument(
        *("-o", "--output"),
        metavar="FILE",
        type=Path,
        default=Path("tonearm.zip"),
        help="where it goes (tonearm.zip)",
    )
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")


def fetch(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Download the ZIP. Those of the named jobs that have no audio are told, and left out."""
    target: Path = arguments.output
    if target.exists() and not arguments.force:
        raise FileExistsError(errno.EEXIST, "it is there already: --force replaces it", str(target))
    job_ids = list(_meant(gateway, arguments))
    if not job_ids:
        raise NothingFound("you have no such jobs with audio")
    if len(job_ids) > MOST:
        raise WrongArgument(f"a ZIP holds {MOST:,} jobs at most, and these are {len(job_ids):,}: use filters")
    with gateway.asking("POST", "/archives", json={"job_ids": job_ids}) as answer:
        archive = read_as(answer, Archive)
        body = answer.content
    screen = Screen(console_for(sys.stderr), console_for(sys.stdout))
    with screen.transfer("downloading", target.name, archive.bytes) as got:
        download_archive(gateway, archive, target, got)
    if arguments.json:
        write_json(body)
    else:
        screen.result(f"{target} ({archive.files:,} files, {size(archive.bytes)})")
    for refused in archive.refused:
        print(f"tonearm jobs zip: {visible(f'{refused.job_id}: {refused.detail}')}", file=sys.stderr)
    return Exit.REFUSED if archive.refused else Exit.OK


def _meant(gateway: Gateway, arguments: argparse.Namespace) -> Iterator[str]:
    filters = which.named_or_chosen(arguments)
    if filters is None:
        yield from (which.job_meant(gateway, job) for job in arguments.jobs)
        return
    for item in which.listed(gateway, filters):
        job = msgspec.json.decode(item, type=Job)
        if job.audio is not None and which.is_named(job, arguments.name):
            yield job.job_id
