"""A folder that is watched: videos are converted as they come, until somebody ends it.

While the gateway is away, or takes nothing, it waits and tries again. Whatever ends it does no harm: when the
same command is given again, jobs are followed, and uploads go on where they were.
"""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from cli.client.asking import Access
from cli.client.errors import Troubled, Unreachable
from cli.client.gateway import Gateway
from cli.convert.board import Board
from cli.convert.conversion import Terms, converted
from cli.convert.course import Course
from cli.convert.crew import Crew
from cli.convert.outcome import End, Outcome, failed, shown
from cli.convert.report import line_of, written
from cli.convert.sources import Source
from cli.convert.targets import Folder, target_for
from cli.convert.wish import Wish, wish
from cli.exits import Exit
from cli.pretty import console_for, write_json
from cli.watch.aftermath import Aftermath
from cli.watch.arrivals import Arrivals, is_passing
from cli.watch.folder import Seen, Watched
from cli.watch.memory import Memory
from cli.watch.termination import Termination

_FIRST, _LONGEST = 2.0, 300.0
"""Seconds until the gateway is asked again that was away: twice as long each time."""


class Watch(Struct, frozen=True):
    """The order: a folder, the place of the audio, the options, and the place of videos that are done.

    `settle`: seconds without a change after which a file is complete. `state`: the folder for the memory.
    """

    watched: Watched
    output: Folder
    asked: Mapping[str, str]
    aftermath: Aftermath
    state: Path
    settle: float = 10.0
    at_once: int = 3
    force: bool = False
    as_json: bool = False


def watch(access: Access, order: Watch) -> int:
    """Watch until somebody ends it; return the exit code.

    Raises ClientError, CredentialsMissing, WrongArgument, Refused for what no waiting would mend.
    """
    board = Board(console_for(sys.stderr), console_for(sys.stdout), 1)
    with Termination() as termination, board:
        try:
            return _patiently(access, order, board, termination)
        except KeyboardInterrupt:
            if termination.is_wanted:
                return Exit.OK
            raise


def _patiently(access: Access, order: Watch, board: Board, termination: Termination) -> int:
    """Watch as soon as the gateway is there."""
    pause = _FIRST
    while True:
        try:
            with access.signed_in() as gateway:
                wished = wish(gateway, order.asked, order.output)
                return _Loop(gateway, wished, order, board).until(termination)
        except (Unreachable, Troubled) as error:
            board.say(f"{error}; trying again in {pause:.0f} s")
        termination.wait(pause)
        pause = min(2 * pause, _LONGEST)


class _Loop:
    """One folder, and one gateway that is signed in to."""

    def __init__(self, gateway: Gateway, wished: Wish, order: Watch, board: Board) -> None:
        self._gateway, self._wish, self._order, self._board = gateway, wished, order, board
        self._terms = Terms(gateway, wished, force=order.force)
        self._pause = _FIRST
        self._fatal: Exit | None = None

    def until(self, termination: Termination) -> int:
        """Convert what comes until the end. Raises Refused, OSError, KeyboardInterrupt."""
        order = self._order
        with self._memory() as memory:
            keeps = order.aftermath.keeps
            arrivals = Arrivals(order.watched, memory, self._target, keeps=keeps, settle=order.settle)
            self._board.say(f"Watching {order.watched.folder}. Ctrl-C ends.")
            while True:
                crew = Crew(partial(self._converted, arrivals), self._board, order.at_once, gentle=True)
                with termination.of(crew):
                    self._work(crew, arrivals)
                if self._fatal is not None:
                    return self._fatal
                if crew.interrupted:
                    return Exit.INTERRUPTED
                termination.wait(self._pause)
                self._pause = min(2 * self._pause, _LONGEST)

    def _memory(self) -> Memory:
        """Return what is remembered of this folder, converted in this way for this account."""
        order = self._order
        folders = (
            str(order.watched.folder.absolute()),
            str(order.output.path and order.output.path.absolute()),
        )
        options = (f"{name}={value}" for name, value in sorted(order.asked.items()))
        return Memory(order.state, self._gateway.url, self._gateway.account, *folders, *options)

    def _work(self, crew: Crew, arrivals: Arrivals) -> None:
        """Let the crew work until trouble, or a Ctrl-C. Raises KeyboardInterrupt for what ends it at once."""
        try:
            crew.run(arrivals.tasks(lambda: crew.is_ending), partial(self._ended, crew, arrivals))
        except KeyboardInterrupt:
            if names := [course.task.source.name for course in crew.under_way]:
                self._board.say(f"The same command goes on with {', '.join(names)}.")
            raise

    def _target(self, video: Source) -> Path:
        target = target_for(video, self._order.output, self._wish.ending)
        assert target is not None  # noqa: S101 - audio goes into a folder
        return target

    def _converted(self, arrivals: Arrivals, course: Course) -> Outcome:
        """Convert a video, and put it away. In a thread of its own."""
        course.ask = lambda _: False  # nobody sits here and waits for a question
        if (target := course.task.target) is None or (video := arrivals.video(course.task)) is None:
            return Outcome(course.task, End.NOT_BEGUN)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return failed(course.task, error)
        outcome = converted(self._terms, course)
        if outcome.is_good and (why := self._put_away(video, outcome)):
            self._board.say(f"{course.task.source.name}: {why}")
        return outcome

    def _put_away(self, video: Seen, outcome: Outcome) -> str:
        """Put a video away whose audio is here; return why not, or nothing."""
        if self._order.aftermath.keeps:
            return ""
        if outcome.job and outcome.job.audio and outcome.job.audio.notice:
            return f"it stays: {outcome.job.audio.notice}"
        try:
            return self._order.aftermath.put_away(video)
        except OSError as error:
            return f"it stays: {error.strerror}"

    def _ended(self, crew: Crew, arrivals: Arrivals, outcome: Outcome) -> None:
        """Tell how it ended for a video, and stop for a while where there is trouble. In the main thread."""
        arrivals.ended(outcome)
        if outcome.is_good:
            self._pause = _FIRST
            if not self._order.as_json:
                self._board.result(f"{outcome.task.source.path} → {written(outcome)}")
        elif is_passing(outcome):
            crew.begin_no_other()
            self._board.say(f"{shown(outcome)}; it is tried again")
            return
        else:
            self._board.say(f"tonearm watch: {shown(outcome)}")
            if outcome.for_all:
                self._fatal = outcome.code
        if self._order.as_json:
            write_json(msgspec.json.encode(line_of(outcome)))
