"""A job as an argument: its id, the beginning of it, or `@-1`."""

from collections.abc import Callable
from typing import Any

import click


class JobArgument(click.ParamType[str]):
    """A job's id as people give it. `cli.jobs.ids` finds which is meant."""

    name = "ID"


JOB = JobArgument()
HELP = "a job's id, or the beginning of it; @-1 is the last one"


def job_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the argument, and give the function `job`, as it was typed."""
    return click.argument("job", type=JOB, metavar="ID", help=HELP)(function)
