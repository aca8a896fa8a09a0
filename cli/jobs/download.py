"""`tonearm download`: the audio of jobs, as files in a folder, one file, or standard output."""

import os
import sys
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from cli.client.answers import Audio, Job
from cli.client.asking import asking
from cli.client.download import download as fetch
from cli.client.download import pour
from cli.client.gateway import Gateway
from cli.convert.screen import Screen
from cli.errors import NothingFound, Refused, WrongArgument
from cli.exits import Exit
from cli.jobs import archive
from cli.jobs.choice.each import to_each
from cli.jobs.choice.ids import job_meant
from cli.jobs.choice.which import Which, choosing
from cli.jobs.landing import Folder, OneFile, landing
from cli.pretty import clock, console_for, size
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from events.projections.job_view import State

_STANDARD_OUTPUT = "-"


class Downloaded(Struct, frozen=True):
    """A job's audio that is here now. `new`: it was not before."""

    job_id: str
    file: str
    bytes: int
    sha256: str
    new: bool


@command(
    examples=[
        "tonearm download @-1",
        "tonearm download --since 7d -o week/",
        "tonearm download --all --zip -o all.zip",
        "tonearm download @-1 -o - | mpv -",
    ],
    exits={**archive.EXITS, Exit.CANTCREAT: "a file cannot be written, or another is in its place"},
    output=(Downloaded, "Archive"),
)
@choosing(State.CONVERTED, State.NOTIFIED)
@click.option(
    *("-o", "--output"),
    metavar="OUT",
    type=click.Path(),
    help="a folder, made if need be; for one job also a file, or - for standard output (default: here)",
)
@click.option("--zip", "as_zip", is_flag=True, help=f"all in one ZIP: OUT, or {archive.NAME}")
@click.option("--force", is_flag=True, help="replace what is there")
@printing
@asking
def download(
    gateway: Gateway, which: Which, output: str | None, as_zip: bool, force: bool, out: Printer
) -> Exit:
    """Download the audio of jobs. What is there already is not fetched again, and nothing is replaced."""
    if as_zip:
        return archive.fetch(gateway, which, Path(output or archive.NAME), out, force=force)
    if output == _STANDARD_OUTPUT:
        return _pour(gateway, which, out)
    places = landing(output or "", one=len(which.named) == 1, force=force)
    job_ids = which.named or tuple(archive.with_audio(gateway, which.filters))
    if not job_ids:
        raise NothingFound("you have no such jobs with audio")
    return to_each(gateway, job_ids, lambda job_id: _save(gateway, job_id, places, out))


def _save(gateway: Gateway, job_id: str, places: OneFile | Folder, out: Printer) -> None:
    job, audio = _converted(gateway, job_id)
    path, is_there = places.place(audio)
    if not is_there:
        with _screen().transfer("downloading", path.name, audio.bytes) as got:
            fetch(gateway, job, path, got, lambda: places.force)
    name = os.fsencode(path).decode(errors="replace")
    known = Downloaded(job_id, name, audio.bytes, audio.sha256, new=not is_there)
    what = "there already" if is_there else f"{clock(audio.duration_seconds)}, {size(audio.bytes)}"
    out.line(msgspec.json.encode(known), f"{path}  ({what})")


def _pour(gateway: Gateway, which: Which, out: Printer) -> Exit:
    if len(which.named) != 1:
        raise WrongArgument("standard output takes the audio of one job, by its id; -o takes a folder")
    if sys.stdout.isatty() or not out.for_people:
        raise WrongArgument("standard output takes sound alone: send it to a file or a program")
    job, audio = _converted(gateway, job_meant(gateway, which.named[0]))
    with _screen().transfer("downloading", audio.filename, audio.bytes) as got:
        pour(gateway, job, sys.stdout.buffer, got)
    return Exit.OK


def _converted(gateway: Gateway, job_id: str) -> tuple[Job, Audio]:
    job = gateway.job(job_id)
    if job.audio is None:
        raise Refused(f"the job has no audio: it is {job.state}")
    return job, job.audio


def _screen() -> Screen:
    return Screen(console_for(sys.stderr), console_for(sys.stdout))
