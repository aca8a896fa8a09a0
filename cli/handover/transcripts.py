"""`tonearm transcripts`: what your audio says: list, print, give, delete."""

import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import click
import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import asking
from cli.client.errors import RequestRefused
from cli.client.gateway import Gateway
from cli.client.items import items_at
from cli.errors import FileDamaged, NothingFound, WrongArgument
from cli.exits import Exit
from cli.ids import meant
from cli.jobs.choice.argument import job_argument
from cli.jobs.choice.ids import job_meant
from cli.jobs.exits import OF_ONE
from cli.pretty import visible
from cli.tree.command import command
from cli.tree.group import Entry, Group
from cli.tree.printer import Column, Kind, Printer, printing

_FORMS = ("vtt", "srt", "json")
_NO_TRANSCRIPT = (413, 422)
_MOST = 1 << 20
"""Bytes that the gateway takes: more need not be read."""


class Transcript(Struct, frozen=True):
    """A transcript as it is listed."""

    transcript_id: str
    given: bool
    language: str
    title: str
    forced: bool
    cues: int


class Deleted(Struct, frozen=True):
    """A transcript that is deleted."""

    transcript_id: str


class Segment(Struct, frozen=True):
    """One line of a transcript."""

    body: str
    speaker: str = ""


class Segments(Struct, frozen=True):
    """All lines of a transcript."""

    segments: list[Segment]


def _about(each: Transcript) -> str:
    told = [each.language, each.title, "yours" if each.given else "", "forced" if each.forced else ""]
    return ", ".join(filter(None, told))


_STANDARD_OUTPUT = Path("-")
_EXITS = {**OF_ONE, Exit.NOTHING: "there is no such job, or no such transcript"}
_COLUMNS = [
    Column[Transcript]("transcript", lambda each: each.transcript_id, kind=Kind.ID),
    Column[Transcript]("lines", lambda each: f"{each.cues:,} lines", right=True),
    Column[Transcript]("about", _about, cut=True),
]


@command(name="list", examples=["tonearm transcripts list @-1"], exits=_EXITS, output="Transcript")
@job_argument
@printing
@asking
def listing(gateway: Gateway, job: str, out: Printer) -> None:
    """Print which transcripts a job has, the best first."""
    if not out.table(items_at(gateway, _path(gateway, job)), Transcript, _COLUMNS):
        raise NothingFound("the job has no transcripts")


@command(
    examples=["tonearm transcripts show @-1", "tonearm transcripts show 0199 -o talk.srt"],
    exits={**_EXITS, Exit.CANTCREAT: "the file cannot be written"},
)
@job_argument
@click.argument("transcript", metavar="[TRANSCRIPT]", required=False, help="its id, or the beginning of it")
@click.option("--form", type=click.Choice(_FORMS), help="as WebVTT, SubRip or the JSON of podcasts")
@click.option(
    *("-o", "--output"),
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="write it there; the ending says the form; - is standard output",
)
@asking
def show(gateway: Gateway, job: str, transcript: str | None, form: str | None, output: Path | None) -> None:
    """Print what is said, or write it into a file: the best transcript, or the one that is named."""
    if output == _STANDARD_OUTPUT:
        output = None
    form = form or (output.suffix.removeprefix(".").lower() if output else "")
    if output and form not in _FORMS:
        raise WrongArgument(f"-o: name it .{', .'.join(_FORMS)}, or say --form")
    path = _path(gateway, job)
    transcript_id = _meant(gateway, path, transcript)
    with gateway.asking("GET", f"{path}/{transcript_id}.{form or 'json'}") as answer:
        text = answer.read()
        lines = () if form else read_as(answer, Segments).segments
    if output:
        output.write_bytes(text)
    elif form:
        sys.stdout.write(_harmless(text.decode()))
    else:
        _print(lines)


@command(
    examples=["tonearm transcripts add @-1 talk.srt --language en"],
    exits={**_EXITS, Exit.DATAERR: "the file is no transcript", Exit.CANTCREAT: "the file cannot be read"},
    output="Transcript",
)
@job_argument
@click.argument(
    "file", type=click.Path(path_type=Path), help="a file with the ending .vtt or .srt, or any other"
)
@click.option("--language", default="", metavar="TAG", help="the language of its text, such as en")
@click.option("--of-video", is_flag=True, help="its times are those of the video")
@printing
@asking
def add(gateway: Gateway, job: str, file: Path, language: str, of_video: bool, out: Printer) -> None:
    """Give a job a transcript of your own, WebVTT or SubRip."""
    path = _path(gateway, job)
    with file.open("rb") as opened:
        body = opened.read(_MOST + 1)
    query = {"language": language, "of": "video" if of_video else "audio"}
    try:
        with gateway.asking("POST", path, params=query, content=body) as answer:
            given, told = read_as(answer, Transcript), answer.content
    except RequestRefused as error:
        if error.status in _NO_TRANSCRIPT:
            raise FileDamaged(str(error)) from error
        raise
    out.line(told, f"transcript {given.transcript_id} has {given.cues:,} lines")


@command(examples=["tonearm transcripts delete @-1 0199"], exits=_EXITS, output=Deleted)
@job_argument
@click.argument("transcript", metavar="TRANSCRIPT", help="its id, or the beginning of it")
@printing
@asking
def delete(gateway: Gateway, job: str, transcript: str, out: Printer) -> None:
    """Delete a transcript that you gave."""
    path = _path(gateway, job)
    transcript_id = _meant(gateway, path, transcript)
    with gateway.asking("DELETE", f"{path}/{transcript_id}"):
        out.line(msgspec.json.encode(Deleted(transcript_id)), f"transcript {transcript_id} is deleted")


transcripts = Group(
    "transcripts",
    {
        "list": Entry("cli.handover.transcripts:listing", "print which there are, the best first"),
        "show": Entry("cli.handover.transcripts:show", "print the text, or write it into a file"),
        "add": Entry("cli.handover.transcripts:add", "give a transcript of your own, WebVTT or SubRip"),
        "delete": Entry("cli.handover.transcripts:delete", "delete one that you gave"),
    },
    examples=["tonearm transcripts show @-1", "tonearm transcripts show @-1 -o talk.srt"],
    help="What your audio says: list transcripts, print them, give your own, delete them.",
)


def _path(gateway: Gateway, job: str) -> str:
    return f"/jobs/{quote(job_meant(gateway, job), safe='')}/transcripts"


def _meant(gateway: Gateway, path: str, text: str | None) -> str:
    """Return the transcript that begins with `text`; the best without one. Raises NothingFound."""
    known = (msgspec.json.decode(each, type=Transcript) for each in items_at(gateway, path))
    ids = [each.transcript_id for each in known]
    found = (ids[0] if ids else None) if text is None else meant(text, ids, "transcript")
    if found is None:
        raise NothingFound(
            "the job has no transcripts" if text is None else f"it has no transcript {visible(text)}"
        )
    return quote(found, safe="")


def _print(lines: Sequence[Segment]) -> None:
    speaker = ""
    for each in lines:
        if each.speaker and each.speaker != speaker:
            print(visible(f"{each.speaker}:"))
        speaker = each.speaker
        print(_harmless(each.body))


def _harmless(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))
