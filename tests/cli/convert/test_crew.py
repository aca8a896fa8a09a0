"""Several at once, without a gateway: what converts is the test's."""

import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from cli.convert.board import Board
from cli.convert.course import Course
from cli.convert.crew import Crew
from cli.convert.outcome import End, Outcome, Task
from cli.convert.sources import source

PATIENCE = 45.0


def tasks(count: int) -> list[Task]:
    return [Task(source(f"{number}.mp4"), Path(f"{number}.mp3")) for number in range(count)]


def good(course: Course) -> Outcome:
    return Outcome(course.task, End.CONVERTED)


def crew(convert: Callable[[Course], Outcome], at_once: int, *, gentle: bool = True) -> Crew:
    console = Console(file=io.StringIO())
    return Crew(convert, Board(console, console, 2), at_once, gentle=gentle)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def control_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_so_many_are_under_way_at_once_and_each_ends_once() -> None:
    together = threading.Barrier(3, timeout=PATIENCE)

    def convert(course: Course) -> Outcome:
        together.wait()  # passes only when three are here
        return good(course)

    ended: list[Outcome] = []
    crew(convert, 3).run(tasks(9), ended.append)
    assert sorted(each.task.source.name for each in ended) == [f"{number}.mp4" for number in range(9)]


def test_tasks_may_come_one_by_one_while_others_are_under_way() -> None:
    begun = threading.Event()

    def coming() -> Iterator[Task]:
        first, second = tasks(2)
        yield first
        assert begun.wait(PATIENCE)
        yield second

    def convert(course: Course) -> Outcome:
        begun.set()
        return good(course)

    ended: list[Outcome] = []
    crew(convert, 2).run(coming(), ended.append)
    assert len(ended) == 2


def test_what_would_end_all_others_so_begins_no_other() -> None:
    def convert(course: Course) -> Outcome:
        return Outcome(course.task, End.FAILED, for_all=course.task.source.name == "1.mp4")

    ended: list[Outcome] = []
    crew(convert, 1).run(tasks(9), ended.append)
    assert len(ended) == 2


def test_the_first_control_c_lets_those_under_way_end_and_begins_no_other() -> None:
    both = threading.Barrier(2, timeout=PATIENCE)

    def convert(course: Course) -> Outcome:
        both.wait()  # or the second would not begin
        if course.task.source.name == "0.mp4":
            control_c()
        until(lambda: team.interrupted)
        return good(course)

    ended: list[Outcome] = []
    team = crew(convert, 2)
    team.run(tasks(9), ended.append)
    assert sorted(each.task.source.name for each in ended) == ["0.mp4", "1.mp4"]


@pytest.mark.parametrize("gentle", [True, False], ids=["the second, of several", "the first, of one"])
def test_control_c_ends_all_at_once_and_halts_what_is_under_way(gentle: bool) -> None:
    halted = threading.Event()

    def convert(course: Course) -> Outcome:
        course.job_id = "j-1"
        control_c()
        if gentle:
            until(lambda: team.interrupted)
            control_c()
        try:
            while True:
                course.go_on()
                time.sleep(0.005)
        finally:
            halted.set()

    team = crew(convert, 1, gentle=gentle)
    with pytest.raises(KeyboardInterrupt):
        team.run(tasks(2), lambda _: None)
    assert halted.wait(PATIENCE)
    assert [course.job_id for course in team.under_way] == ["j-1"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_that_is_no_outcome_comes_out() -> None:
    def convert(course: Course) -> Outcome:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        crew(convert, 2).run(tasks(2), lambda _: None)


def test_nobody_is_asked_where_nobody_sits() -> None:
    def convert(course: Course) -> Outcome:
        return Outcome(course.task, End.CONVERTED if course.ask("Replace it?") else End.FAILED)

    ended: list[Outcome] = []
    crew(convert, 1).run(tasks(1), ended.append)
    assert [each.end for each in ended] == [End.FAILED]
