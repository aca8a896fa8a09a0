"""A job as an argument: its id, the beginning of it, or `@-1`."""

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem


class JobArgument(click.ParamType[str]):
    """A job's id as people give it. `cli.jobs.choice.ids` finds which is meant."""

    name = "ID"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the jobs that begin so, as the gateway has them; nothing where it does not answer."""
        from cli.jobs.choice.completion import beginning_with

        named = ctx.params.get("jobs") or ()
        found = beginning_with(incomplete, ctx.params)
        return [CompletionItem(job_id, help=told) for job_id, told in found if job_id not in named]


JOB = JobArgument()
HELP = "a job's id, or the beginning of it; @-1 is the last one"


def job_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the argument, and give the function `job`, as it was typed."""
    return click.argument("job", type=JOB, metavar="ID", help=HELP)(function)
