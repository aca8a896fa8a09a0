"""One video on its way: its line on the board, its job, and the end of all."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from msgspec import Struct

from cli.client.contents import Count
from cli.convert.board import Row, Show
from cli.convert.outcome import Task


class Halted(Exception):
    """All shall end at once."""


class Question(Struct, frozen=True):
    """A question to the person at the terminal, which the main thread asks."""

    text: str
    answer: "Future[bool]"


class Course:
    """The way of one video. `job_id` is empty before there is a job, `verb` before it has begun."""

    def __init__(self, task: Task, row: Row, halt: threading.Event, ask: Callable[[str], bool]) -> None:
        self.task, self.ask = task, ask
        self.job_id = ""
        self.is_import = False
        self.verb = ""
        self._row, self._halt = row, halt

    def transfer(self, verb: str, name: str, total: int) -> Count:
        """Begin to show a transfer; what is returned raises Halted when all shall end."""
        self.verb = verb
        count = self._row.transfer(verb, name, total)

        def counted(done: int) -> None:
            self.go_on()
            count(done)

        return counted

    def stage(self, verb: str) -> Show:
        """Begin to show a stage in percent."""
        self.verb = verb
        show = self._row.stage(verb, self.task.source.name)

        def shown(percent: float | None, note: str) -> None:
            self.go_on()
            show(percent, note)

        return shown

    def say(self, text: str) -> None:
        """Show a line about it."""
        self._row.say(text)

    def remark(self, text: str) -> None:
        """Show a line that one has no use for when there are many."""
        self._row.remark(text)

    def go_on(self) -> None:
        """Return while work may go on. Raises Halted."""
        if self._halt.is_set():
            raise Halted
