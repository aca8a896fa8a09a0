"""Several videos at once, by threads. Questions, signals and results are the main thread's.

The first Ctrl-C lets those under way come to their end and begins no other; the second ends all at once.
Where there is but one video, the first does.
"""

import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from types import FrameType

from cli.convert.board import Board
from cli.convert.course import Course, Halted, Question
from cli.convert.outcome import Outcome, Task
from cli.pretty import visible

Convert = Callable[[Course], Outcome]
_LOOK = 0.25
"""Seconds after which the main thread looks for a signal: on Windows none ends its wait."""
_GRACE = 1.0
"""Seconds that threads get to take away what is not whole, when all ends at once."""


class _Interrupt:
    pass


class _WorkerEnded:
    pass


_Message = Outcome | Question | _Interrupt | _WorkerEnded | BaseException


class Crew:
    """Converts tasks, `at_once` of them at a time. `interrupted`: a first Ctrl-C has come."""

    def __init__(self, convert: Convert, board: Board, at_once: int, *, gentle: bool) -> None:
        """`gentle`: the first Ctrl-C lets those under way come to their end."""
        self._convert, self._board, self._at_once, self._gentle = convert, board, at_once, gentle
        self._mail: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._last, self._halt = threading.Event(), threading.Event()
        self._courses: list[Course] = []
        self.interrupted = False

    def run(self, tasks: Iterable[Task], ended: Callable[[Outcome], None]) -> None:
        """Convert them all; `ended` is called in this thread. An outcome that is for all begins no others.

        Tasks are taken by the threads, one at a time; an iterator that waits for the next holds up nobody who
        works. Raises KeyboardInterrupt when all ends at once; `under_way` are then those that were not over.
        """
        coming = iter(tasks)
        threads = [
            threading.Thread(target=self._work, args=(coming,), daemon=True) for _ in range(self._at_once)
        ]
        with self._hearing():
            for thread in threads:
                thread.start()
            working = len(threads)
            try:
                while working:
                    match self._next():
                        case None:
                            pass
                        case _WorkerEnded():
                            working -= 1
                        case _Interrupt():
                            self._interrupt()
                        case Question() as question:
                            self._answer(question)
                        case Outcome() as outcome:
                            ended(outcome)
                        case BaseException() as error:
                            raise error
            finally:
                self._end(threads)

    @property
    def under_way(self) -> list[Course]:
        """The videos that have begun and are not over."""
        with self._lock:
            return list(self._courses)

    @property
    def is_ending(self) -> bool:
        """True once no other video begins."""
        return self._last.is_set()

    def end_at_once(self) -> None:
        """Let `run` raise KeyboardInterrupt, at a good moment. A handler of signals may call it."""
        self._mail.put(KeyboardInterrupt())

    def begin_no_other(self) -> None:
        """Let those under way come to their end, and begin no other."""
        self._last.set()

    def _work(self, tasks: Iterator[Task]) -> None:
        try:
            while (task := self._taken(tasks)) is not None:
                with self._board.row(task.source.name) as row:
                    course = Course(task, row, self._halt, self._ask)
                    with self._lock:
                        self._courses.append(course)
                    outcome = self._convert(course)
                if outcome.for_all:
                    self.begin_no_other()
                with self._lock:
                    self._courses.remove(course)
                self._mail.put(outcome)
        except Halted:
            pass
        except BaseException as error:  # the main thread raises it
            self._mail.put(error)
        finally:
            self._mail.put(_WorkerEnded())

    def _taken(self, tasks: Iterator[Task]) -> Task | None:
        with self._turn:
            if self._last.is_set():
                return None
            task = next(tasks, None)
            return None if self._last.is_set() else task

    def _next(self) -> _Message | None:
        try:
            return self._mail.get(timeout=_LOOK)
        except queue.Empty:
            return None

    def _interrupt(self) -> None:
        if self.interrupted or not self._gentle:
            raise KeyboardInterrupt
        self.interrupted = True
        self.begin_no_other()
        if count := len(self.under_way):
            those = "the video that is" if count == 1 else f"the {count} videos that are"
            self._board.say(f"Finishing {those} under way. Ctrl-C again ends at once.")

    def _ask(self, text: str) -> bool:
        """Ask from a thread. Without a person at a terminal the answer is no."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return False
        answer: Future[bool] = Future()
        self._mail.put(Question(text, answer))
        return answer.result()

    def _answer(self, question: Question) -> None:
        if self._last.is_set():  # who has called all off is not asked any more
            question.answer.set_result(False)
            return
        try:
            with self._board.paused(), _as_usual():
                print(f"{visible(question.text)} [y/N] ", end="", file=sys.stderr, flush=True)
                question.answer.set_result(sys.stdin.readline().strip().lower() in ("y", "yes"))
        except KeyboardInterrupt:
            question.answer.set_result(False)
            self._interrupt()

    def _end(self, threads: list[threading.Thread]) -> None:
        """Let no thread work on. Those that wait for the network are left behind: they are daemons."""
        self._last.set()
        self._halt.set()
        for thread in threads:
            thread.join(_GRACE / len(threads))

    @contextmanager
    def _hearing(self) -> Iterator[None]:
        def heard(number: int, frame: FrameType | None) -> None:
            self._mail.put(_Interrupt())

        before = None
        with suppress(ValueError):  # not in the main thread
            before = signal.signal(signal.SIGINT, heard)
        try:
            yield
        finally:
            if before is not None:
                signal.signal(signal.SIGINT, before)


@contextmanager
def _as_usual() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt for a block."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
