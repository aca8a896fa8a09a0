"""`cancel`, `retry` and `delete`: done to the jobs that are named, or to all that a filter chooses."""

import argparse
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from cli.client.answers import Job, Refusal, read_as
from cli.client.errors import RequestRefused, SignInRefused, Troubled
from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.exits import Exit, exit_for
from cli.jobs import which
from cli.jobs.shown import line
from cli.options import pair
from cli.pretty import visible, write_json
from cli.remarks import say
from events.projections.job_view import State


class Done(Struct, frozen=True):
    """The jobs to which it was done, or that came of it; and those to which it was not."""

    job_ids: list[str]
    refused: list[Refusal]


def cancel_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    which.add_jobs(parser, State.UPLOADED, State.CONVERTING, State.RETRYING)


def cancel(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Cancel the jobs. One that is cancelled already stays so, and that is no fault."""
    return _ask(gateway, arguments, "cancel", lambda job: f"job {job} is cancelled")


def retry_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    which.add_jobs(parser, State.FAILED, State.CANCELLED)
    parser.add_argument(
        *("-O", "--option"),
        type=pair,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another option than before: then it is another job of the same video",
    )


def retry(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Convert the jobs once more, perhaps with other options."""
    wished = {
        "content": urlencode(arguments.option).encode(),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }
    asked = wished if arguments.option else {}
    return _ask(gateway, arguments, "retry", lambda job: f"job {job} waits for a converter", **asked)


def delete_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    which.add_jobs(parser, *(state for state in State if state is not State.DELETED))
    parser.add_argument(
        "--yes", action="store_true", help="with --all or a filter: do it, instead of naming them"
    )


def delete(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Delete the jobs. Without --yes those of a filter are only named."""
    filters = which.named_or_chosen(arguments)
    if filters is None:
        return _to_each(arguments, lambda job: _delete(gateway, arguments, which.job_meant(gateway, job)))
    known = ((msgspec.json.decode(item, type=Job), item) for item in which.listed(gateway, filters))
    found = [(job, item) for job, item in known if which.is_named(job, arguments.name)]
    if not found:
        raise NothingFound("you have no such jobs")
    if arguments.yes:
        arguments.jobs = [job.job_id for job, _ in found]
        return _to_each(arguments, lambda job: _delete(gateway, arguments, job))
    for job, item in found:
        _print(arguments, bytes(item), line(job))
    say(f"dry run: --yes deletes these {len(found):,} jobs for good")
    return Exit.OK


def _ask(
    gateway: Gateway, arguments: argparse.Namespace, deed: str, told: Callable[[str], str], **asked: Any
) -> Exit:
    """Have the gateway do it, to all at once or to one after another."""
    filters = which.named_or_chosen(arguments)
    if filters is not None:
        with gateway.asking("POST", f"/jobs/{deed}", params=filters, **asked) as answer:
            done = read_as(answer, Done)
            body = answer.content
        return _tell(arguments, done, body, told)

    def one(text: str) -> None:
        job_id = quote(which.job_meant(gateway, text), safe="")
        with gateway.asking("POST", f"/jobs/{job_id}/{deed}", **asked) as answer:
            job = read_as(answer, Job)
            _print(arguments, answer.content, told(job.job_id))

    return _to_each(arguments, one)


def _tell(arguments: argparse.Namespace, done: Done, body: bytes, told: Callable[[str], str]) -> Exit:
    if arguments.json:
        write_json(body)
    else:
        for job_id in done.job_ids:
            print(told(job_id))
    for refusal in done.refused:
        _complain(arguments, refusal.job_id, refusal.detail)
    if done.refused:
        return Exit.REFUSED
    if not done.job_ids:
        raise NothingFound("you have no such jobs")
    return Exit.OK


def _to_each(arguments: argparse.Namespace, deed: Callable[[str], None]) -> Exit:
    """Do it to each job that is named. Raises what concerns all of them."""
    code = Exit.OK
    for job in arguments.jobs:
        try:
            deed(job)
        except (SignInRefused, Troubled):
            raise
        except (RequestRefused, NothingFound) as error:
            _complain(arguments, job, str(error))
            code = code or exit_for(error)
    return code


def _delete(gateway: Gateway, arguments: argparse.Namespace, job_id: str) -> None:
    with gateway.asking("DELETE", f"/jobs/{quote(job_id, safe='')}"):
        pass
    _print(arguments, msgspec.json.encode({"job_id": job_id}), f"job {job_id} is deleted")


def _print(arguments: argparse.Namespace, document: bytes, told: str) -> None:
    if arguments.json:
        write_json(document)
    else:
        print(told)


def _complain(arguments: argparse.Namespace, job: str, why: str) -> None:
    print(f"tonearm jobs {arguments.subcommand}: {visible(f'{job}: {why}')}", file=sys.stderr)
