"""One request to the gateway about all jobs that a filter chooses: cancel them, repeat them."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from cli.client.answers import Job, Refusal, read_as
from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.exits import Exit
from cli.jobs.choice.each import to_each
from cli.jobs.choice.which import Which
from cli.tree.ending import complain
from cli.tree.printer import Printer

Told = Callable[[str], str]
"""The line for people, by a job's id."""


class Done(Struct, frozen=True):
    """The jobs to which it was done, or that came of it; and those to which it was not."""

    job_ids: list[str]
    refused: list[Refusal]


def to_many(gateway: Gateway, which: Which, deed: str, told: Told, out: Printer, **asked: Any) -> Exit:
    """Have the gateway do it, to all at once or to one after another."""
    if not which.named:
        return _at_once(gateway, which, deed, told, out, **asked)

    def one(job_id: str) -> None:
        with gateway.asking("POST", f"/jobs/{quote(job_id, safe='')}/{deed}", **asked) as answer:
            job = read_as(answer, Job)
            out.line(answer.content, told(job.job_id))

    return to_each(gateway, which.named, one)


def _at_once(gateway: Gateway, which: Which, deed: str, told: Told, out: Printer, **asked: Any) -> Exit:
    filters = which.filters.parameters()
    with gateway.asking("POST", f"/jobs/{deed}", params=filters, **asked) as answer:
        done = read_as(answer, Done)
        body = answer.content
    out.one(body, lambda: print(*map(told, done.job_ids), sep="\n") if done.job_ids else None)
    for refusal in done.refused:
        complain(f"{refusal.job_id}: {refusal.detail}")
    if done.refused:
        return Exit.REFUSED
    if not done.job_ids:
        raise NothingFound("you have no such jobs")
    return Exit.OK
