"""All videos of one command, from what was ordered to the exit code."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from cli.client.gateway import Gateway
from cli.convert.board import Board
from cli.convert.conversion import Terms, converted
from cli.convert.crew import Crew
from cli.convert.outcome import End, Outcome, Task
from cli.convert.report import Report
from cli.convert.sources import Source, unreadable
from cli.convert.targets import Output, StandardOutput, impossible, make_folders, target_for, unwritable
from cli.convert.wish import Wish, wish
from cli.errors import WrongArgument
from cli.exits import Exit
from cli.pretty import console_for


class Order(Struct, frozen=True):
    """The videos that shall be converted, the place for their audio, and the options by name."""

    videos: Sequence[Source]
    output: Output
    asked: Mapping[str, str]
    at_once: int = 3
    again: bool = False
    force: bool = False
    as_json: bool = False


def convert_all(gateway: Gateway, order: Order) -> int:
    """Convert the videos; return the exit code.

    Raises ClientError, WrongArgument, OSError for what is wrong with all of them, KeyboardInterrupt when a
    person has ended it.
    """
    wished = wish(gateway, order.asked, order.output)
    tasks, broken = _tasks(order, wished)
    to_stdout = order.output == StandardOutput()
    progress = console_for(sys.stderr)
    result = progress if to_stdout else console_for(sys.stdout)
    one = len(order.videos) == 1
    with Board(progress, result, len(order.videos)) as board:
        report = Report(gateway, board, in_full=one, as_json=order.as_json)
        for outcome in broken:
            report.ended(outcome)
        terms = Terms(gateway, wished, again=order.again, force=order.force)
        crew = Crew(partial(converted, terms), board, min(order.at_once, max(1, len(tasks))), gentle=not one)
        try:
            crew.run(tasks, report.ended)
        except KeyboardInterrupt:
            report.go_on(crew.under_way)
            raise
        begun = {outcome.task for outcome in report.outcomes}
        report.outcomes += [Outcome(task, End.NOT_BEGUN) for task in tasks if task not in begun]
        code = report.all_ended()
    return Exit.INTERRUPTED if crew.interrupted else code


def _tasks(order: Order, wished: Wish) -> tuple[list[Task], list[Outcome]]:
    """Return what is to be done, and the outcomes of files that cannot be read.

    Raises WrongArgument where the audio cannot go; OSError.
    """
    every = [Task(video, target_for(video, order.output, wished.ending)) for video in order.videos]
    named: list[Path] = [task.target for task in every if task.target]
    if named:
        if why := impossible([task.source.path for task in every], named, order.output):
            raise WrongArgument(why)
        make_folders(order.output, named)
        if why := unwritable(named):
            raise PermissionError(why)
    broken = {
        task: Outcome(task, End.FAILED, why=f"it {why}", code=Exit.NOINPUT)
        for task in every
        if task.source.file and (why := unreadable(task.source.file))
    }
    return [task for task in every if task not in broken], list(broken.values())
