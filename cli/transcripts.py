"""`tonearm transcripts`: what your audio says: list, print, give, delete.

Exit codes: 0 it is done; 2 the arguments are wrong; 4 there is no such job, or no such transcript; 65 the
file is no transcript; 69 the gateway is away; 70 a job's state or a limit is in the way; 73 a file cannot be
read or written; 77 the account may not do this.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from cli.client import asking
from cli.client.answers import read_as
from cli.client.errors import RequestRefused
from cli.client.gateway import Gateway
from cli.errors import FileDamaged, NothingFound, WrongArgument
from cli.exits import Exit
from cli.ids import meant
from cli.jobs.which import job_meant
from cli.pretty import visible, write_json

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


class Transcripts(Struct, frozen=True):
    """All of a job, the best first."""

    items: list[Transcript]


class Segment(Struct, frozen=True):
    """One line of a transcript."""

    body: str
    speaker: str = ""


class Segments(Struct, frozen=True):
    """All lines of a transcript."""

    segments: list[Segment]


def main(argv: list[str]) -> int:
    """Run `tonearm transcripts`. Returns the exit code, or raises TonearmError."""
    arguments = _parser().parse_args(argv)
    with asking.signed_in(arguments) as gateway:
        job_id = quote(job_meant(gateway, arguments.job), safe="")
        _ACTIONS[arguments.action](gateway, f"/jobs/{job_id}/transcripts", arguments)
    return Exit.OK


def _list(gateway: Gateway, path: str, arguments: argparse.Namespace) -> None:
    with gateway.asking("GET", path) as answer:
        found, body = read_as(answer, Transcripts), answer.content
    if arguments.json:
        write_json(body)
        return
    if not found.items:
        raise NothingFound("the job has no transcripts")
    for each in found.items:
        told = [each.language, each.title, "yours" if each.given else "", "forced" if each.forced else ""]
        print(
            visible(f"{each.transcript_id}  {each.cues:>5,} lines  {', '.join(filter(None, told))}".rstrip())
        )


def _show(gateway: Gateway, path: str, arguments: argparse.Namespace) -> None:
    """Print the text alone; with a form, or into a file, as that form has it."""
    transcript_id = _meant(gateway, path, arguments.transcript)
    target = None if arguments.output is None else Path(arguments.output)
    form = arguments.form or (target.suffix.removeprefix(".").lower() if target else "")
    if target and form not in _FORMS:
        raise WrongArgument(f"-o: name it .{', .'.join(_FORMS)}, or say --form")
    with gateway.asking("GET", f"{path}/{transcript_id}.{form or 'json'}") as answer:
        text = answer.read()
        lines = () if form else read_as(answer, Segments).segments
    if target:
        target.write_bytes(text)
    elif form:
        sys.stdout.write(_harmless(text.decode()))
    else:
        _print(lines)


def _add(gateway: Gateway, path: str, arguments: argparse.Namespace) -> None:
    with Path(arguments.file).open("rb") as file:
        body = file.read(_MOST + 1)
    query = {"language": arguments.language, "of": "video" if arguments.of_video else "audio"}
    try:
        with gateway.asking("POST", path, params=query, content=body) as answer:
            given, told = read_as(answer, Transcript), answer.content
    except RequestRefused as error:
        if error.status in _NO_TRANSCRIPT:
            raise FileDamaged(str(error)) from error
        raise
    if arguments.json:
        write_json(told)
    else:
        print(f"transcript {given.transcript_id} has {given.cues:,} lines")


def _delete(gateway: Gateway, path: str, arguments: argparse.Namespace) -> None:
    transcript_id = _meant(gateway, path, arguments.transcript)
    with gateway.asking("DELETE", f"{path}/{transcript_id}"):
        if not arguments.json:
            print(f"transcript {transcript_id} is deleted")


def _meant(gateway: Gateway, path: str, text: str | None) -> str:
    """Return the transcript that begins with `text`; the best without one. Raises NothingFound."""
    with gateway.asking("GET", path) as answer:
        ids = [each.transcript_id for each in read_as(answer, Transcripts).items]
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


_ACTIONS: dict[str, Callable[[Gateway, str, argparse.Namespace], None]] = {
    "list": _list,
    "show": _show,
    "add": _add,
    "delete": _delete,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tonearm transcripts",
        description="What your audio says: list transcripts, print them, give your own, delete them.",
        epilog=" ".join((__doc__ or "").partition("\n\n")[2].split()),
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="SUBCOMMAND")
    its_id = "its id, or the beginning of it"
    listing = actions.add_parser("list", help="print which there are, the best first")
    showing = actions.add_parser("show", help="print the text, or write it into a file")
    adding = actions.add_parser("add", help="give a transcript of your own, WebVTT or SubRip")
    deleting = actions.add_parser("delete", help="delete one that you gave")
    for each in (listing, showing, adding, deleting):
        each.add_argument("job", metavar="JOB", help="the job's id, or the beginning of it")
    showing.add_argument("transcript", nargs="?", metavar="TRANSCRIPT", help=its_id)
    showing.add_argument("--form", choices=_FORMS, help="as WebVTT, SubRip or the JSON of podcasts")
    showing.add_argument("-o", "--output", metavar="FILE", help="write it there; the ending says the form")
    adding.add_argument("file", metavar="FILE", help="a file with the ending .vtt or .srt, or any other")
    adding.add_argument("--language", default="", metavar="TAG", help="the language of its text, such as en")
    adding.add_argument("--of-video", action="store_true", help="its times are those of the video")
    deleting.add_argument("transcript", metavar="TRANSCRIPT", help=its_id)
    for each in (listing, adding, deleting):
        each.add_argument("--json", action="store_true", help="as the gateway's JSON")
    for each in (listing, showing, adding, deleting):
        asking.add_arguments(each, "transcripts")
    return parser
