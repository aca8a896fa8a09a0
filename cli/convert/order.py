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
    """Return what is to be done, and the outcomes of videos that cannot be read, or their audio written.

    Raises WrongArgument for two that would become one file; OSError where the audio of none can be written.
    """
    every = [Task(video, target_for(video, order.output, wished.ending)) for video in order.videos]
    broken = [
        Outcome(task, End.FAILED, why=f"it {why}", code=Exit.NOINPUT)
        for task in every
        if task.source.file and (why := unreadable(task.source.file))
    ]
    tasks = _without(broken, every)
    unplaced = _unplaced(tasks, order.output)
    if unplaced and len(unplaced) == len(tasks):
        raise PermissionError(unplaced[0].why)
    return _without(unplaced, tasks), broken + unplaced


def _unplaced(tasks: Sequence[Task], output: Output) -> list[Outcome]:
    """Return the outcomes of videos whose audio cannot be written. Raises WrongArgument, OSError."""
    targets: list[Path] = [task.target for task in tasks if task.target]
    if not targets:
        return []
    if why := impossible([task.source.path for task in tasks], targets, output):
        raise WrongArgument(why)
    make_folders(output, targets)
    return [
        Outcome(task, End.FAILED, why=why, code=Exit.CANTCREAT)
        for task in tasks
        if task.target and (why := unwritable(task.target))
    ]


def _without(ended: Sequence[Outcome], tasks: Sequence[Task]) -> list[Task]:
    over = {outcome.task for outcome in ended}
    return [task for task in tasks if task not in over]
