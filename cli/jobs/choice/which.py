"""The jobs that are meant: by their ids, or by what they have in common."""

import functools
from collections.abc import Callable
from typing import Any

import click
from msgspec import Struct

from cli.errors import WrongArgument
from cli.jobs.choice.argument import HELP, JOB
from cli.jobs.choice.filters import Filters, Function, filtering
from cli.tree.command import option_of
from events.projections.job_view import State


class Which(Struct, frozen=True):
    """Jobs by their ids; or, without any, all that the filters choose."""

    named: tuple[str, ...]
    filters: Filters


def choosing(*states: State) -> Callable[[Function], Function]:
    """Declare the arguments that name jobs, or choose them, and give the function `which`.

    It raises WrongArgument where neither is typed, and where both are.
    """

    def declared(function: Function) -> Function:
        @click.argument("jobs", type=JOB, nargs=-1, metavar="[ID]...", help=HELP)
        @option_of("Which jobs")(
            "--all", "every", is_flag=True, help="all that there are, or that the filters choose"
        )
        @filtering(*states)
        @functools.wraps(function)
        def chosen(*args: Any, jobs: tuple[str, ...], every: bool, filters: Filters, **given: Any) -> Any:
            if bool(jobs) is bool(filters.parameters() or every):
                raise WrongArgument("say which jobs: by their ids, or by a filter, or --all")
            return function(*args, which=Which(jobs, filters), **given)

        return chosen

    return declared
