"""`tonearm jobs <subcommand>`: your jobs at a gateway.

Exit codes: 0 done; 2 the arguments are wrong; 4 there is no such job, or not any more; 69 the gateway is
away; 70 a job's state or a limit is in the way; 77 the account may not do this. With several jobs it is that
of the first that was refused; the others are done all the same.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cli.client import asking
from cli.client.answers import Job, read_as
from cli.client.errors import NotThere
from cli.client.gateway import Gateway
from cli.convert.screen import Screen
from cli.errors import NothingFound
from cli.exits import Exit
from cli.jobs import archive, change, pauses, which
from cli.jobs.shown import facts, line, receipt
from cli.numbers import count
from cli.pretty import console_for, write_json
from events.projections.job_view import State

_LISTED = 20


class Counts(Struct, frozen=True):
    """The number of jobs, and of those in each state."""

    total: int
    states: dict[str, int]


class Subcommand(NamedTuple):
    """A subcommand: the function that runs it, a line of help, and its arguments."""

    run: Callable[[Gateway, argparse.Namespace], Exit]
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


def main(argv: list[str]) -> int:
    """Run `tonearm jobs`. Returns the exit code, or raises TonearmError."""
    arguments = _parser().parse_args(argv)
    with asking.signed_in(arguments) as gateway:
        return SUBCOMMANDS[arguments.subcommand].run(gateway, arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tonearm jobs",
        description="Look at your jobs at a gateway, download, cancel, repeat or delete them.",
        epilog=" ".join((__doc__ or "").partition("\n\n")[2].split()),
    )
    subcommands = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for name, subcommand in SUBCOMMANDS.items():
        sub = subcommands.add_parser(name, help=subcommand.summary, description=subcommand.summary)
        subcommand.add_arguments(sub)
        sub.add_argument("--json", action="store_true", help="as the gateway's JSON, one object a line")
        asking.add_arguments(sub, "jobs")
    return parser


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    which.add_filters(parser, *State)
    several = parser.add_mutually_exclusive_group()
    several.add_argument(
        *("-n", "--last"), type=count, default=_LISTED, metavar="N", help=f"at most so many ({_LISTED})"
    )
    several.add_argument("--all", action="store_true", help="however many there are")


def _list(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Print the jobs, newest first."""
    most, found = None if arguments.all else arguments.last, False
    for item in which.listed(gateway, which.chosen(arguments), most):
        found = True
        if arguments.json:
            write_json(bytes(item))
        else:
            print(line(msgspec.json.decode(item, type=Job)))
    if not found:
        raise NothingFound("you have no such jobs")
    return Exit.OK


def _counts(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Print how many jobs there are in each state."""
    with gateway.asking("GET", "/jobs/counts", params=which.chosen(arguments)) as answer:
        counts = read_as(answer, Counts)
        body = answer.content
    if arguments.json:
        write_json(body)
        return Exit.OK
    _print([(state, f"{count:,}") for state, count in counts.states.items() if count])
    _print([("all", f"{counts.total:,}")])
    return Exit.OK


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", metavar="ID", help="the job's id, or the beginning of it")
    parser.add_argument("--at", metavar="PLACE", help="as it was: at an offset of the log, or at a time")


def _show(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Print a job with its timeline; of a deleted one the receipt."""
    job_id = which.job_meant(gateway, arguments.job)
    at = which.place(arguments.at)
    try:
        with gateway.asking("GET", f"/jobs/{quote(job_id, safe='')}", params=at) as answer:
            job = read_as(answer, Job)
            body = answer.content
    except NotThere as error:
        if "deleted_at" not in error.problem:
            raise
        if arguments.json:
            write_json(msgspec.json.encode(error.problem))
        else:
            _print([("job", job_id), *receipt(error.problem)])
        return Exit.NOTHING
    if arguments.json:
        write_json(body)
        return Exit.OK
    _print(facts(job, gateway.url))
    print()
    screen = console_for(sys.stdout)
    Screen(screen, screen).timeline(job.timeline)
    return Exit.OK


def _print(rows: Iterable[tuple[str, str]]) -> None:
    for name, text in rows:
        print(f"{name:<9} {text}")


SUBCOMMANDS = {
    "list": Subcommand(_list, "print your jobs, newest first", _list_arguments),
    "count": Subcommand(_counts, "print how many there are in each state", which.add_filters),
    "show": Subcommand(_show, "print a job, and what has happened to it", _show_arguments),
    "pauses": Subcommand(
        pauses.pauses, "print where chapters may begin, as the option marks takes them", pauses.add_arguments
    ),
    "zip": Subcommand(archive.fetch, "download the audio of several as one ZIP", archive.add_arguments),
    "cancel": Subcommand(change.cancel, "stop jobs that wait or are under way", change.cancel_arguments),
    "retry": Subcommand(
        change.retry, "convert jobs once more that failed or were cancelled", change.retry_arguments
    ),
    "delete": Subcommand(
        change.delete, "delete jobs for good, with their videos and audio", change.delete_arguments
    ),
}
