"""Options that several subcommands have: the jobs, the version of the views, how much is named."""

import functools
from collections.abc import Callable
from typing import Any

import click

from cli.jobs.choice.argument import HELP, JOB
from cli.log.file import file_name
from cli.replay.views.findings import SHOWN
from cli.tree.types import AT_MOST, Read

FILE = Read("FILE", file_name)
"""The name of a file, whether it is there or not."""


def named_jobs(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare ID…, and --job, which is the same; give the function `jobs`, as they were typed."""

    @click.argument("jobs", type=JOB, nargs=-1, metavar="[ID]...", help=HELP)
    @click.option("--job", type=JOB, multiple=True, help="the same as ID; may be repeated")
    @functools.wraps(function)
    def named(*given: Any, jobs: tuple[str, ...], job: tuple[str, ...], **options: Any) -> Any:
        return function(*given, jobs=jobs + job, **options)

    return named


def limited(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare --limit: at most so many of `what` are named for people."""
    return click.option(
        "--limit", type=AT_MOST, default=SHOWN, show_default=True, metavar="N", help=f"name at most N {what}"
    )


versioned = click.option(
    "--version",
    default="live",
    show_default=True,
    metavar="V",
    help="a version of the views: live, or a number",
)
