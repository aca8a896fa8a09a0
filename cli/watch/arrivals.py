"""The files of a watched folder, each handed out once it is complete, and again after trouble that passes."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.convert.outcome import End, Outcome, Task
from cli.convert.sources import Source
from cli.exits import Exit
from cli.watch.folder import Identity, Seen, Watched, identity_of
from cli.watch.memory import Memory
from cli.watch.stillness import Stillness
from cli.watch.writers import is_written

_LOOK = 1.0
"""Seconds between two looks, at least; a folder that takes long to look through is looked at less often."""
_SHARE = 20
"""Time between two looks, as a multiple of what one takes."""
_TICK = 0.2
_FIRST, _LONGEST = 2.0, 300.0
"""Seconds until a file is tried again that had trouble: twice as long each time."""

Target = Callable[[Source], Path]


class Arrivals:
    """`target` names the file for a video's audio. `keeps`: videos stay in the folder when they are done."""

    def __init__(
        self, watched: Watched, memory: Memory, target: Target, *, keeps: bool, settle: float
    ) -> None:
        self._watched, self._memory, self._target, self._keeps = watched, memory, target, keeps
        self._stillness = Stillness(settle)
        self._taken: set[Identity] = set()
        self._under_way: dict[Path, Seen] = {}
        self._later: dict[Identity, tuple[float, float]] = {}
        """The time at which a file may be tried again, and the pause before it."""

    def tasks(self, is_over: Callable[[], bool]) -> Iterator[Task]:
        """Yield the videos as they become complete, until it is over. Those of an earlier call have ended.

        One that it handed out, and nobody began because it was over just then, comes again.
        """
        self._taken.difference_update(each.identity for each in self._under_way.values())
        self._under_way.clear()
        while not is_over():
            began = time.monotonic()
            complete = self._stillness.complete(self._watched.look(), began)
            pause = max(_LOOK, _SHARE * (time.monotonic() - began))
            for seen in complete:
                if is_over():
                    return
                if self._is_due(seen) and self._is_there_whole(seen):
                    target = self._target(seen.source)
                    self._taken.add(seen.identity)
                    self._under_way[target] = seen
                    yield Task(seen.source, target)
            until = time.monotonic() + pause
            while time.monotonic() < until and not is_over():
                time.sleep(_TICK)

    def video(self, task: Task) -> Seen | None:
        """Return the video of a task as it was when it was handed out."""
        return self._under_way.get(task.target) if task.target else None

    def ended(self, outcome: Outcome) -> None:
        """Take note of how it ended: what has an end is remembered, and what had trouble comes again."""
        if outcome.task.target is None or (seen := self._under_way.pop(outcome.task.target, None)) is None:
            return
        if outcome.is_good or (outcome.end is End.FAILED and outcome.job is not None):
            self._later.pop(seen.identity, None)
            self._memory.remember(seen.identity, outcome.end, outcome.job_id)
        elif is_passing(outcome) or outcome.code is Exit.NOINPUT:
            _, waited = self._later.get(seen.identity, (0.0, _FIRST / 2))
            pause = min(2 * waited, _LONGEST)
            self._later[seen.identity] = time.monotonic() + pause, pause
            self._taken.discard(seen.identity)

    def _is_due(self, seen: Seen) -> bool:
        """Return True if the file is to be converted now: it is not done, nor under way."""
        end = self._memory.end_of(seen.identity)
        if seen.identity in self._taken or end == End.FAILED or (end and self._keeps):
            return False
        if self._later.get(seen.identity, (0.0, 0.0))[0] > time.monotonic():
            return False
        target = self._target(seen.source)
        return target != seen.path and target not in self._under_way  # else it would replace, or be replaced

    @staticmethod
    def _is_there_whole(seen: Seen) -> bool:
        """Return True if it is still what was seen. It may have changed while it waited for its turn."""
        try:
            return identity_of(seen.path) == seen.identity and not is_written(seen.path)
        except PermissionError:
            # On Windows its writer keeps it to itself. Elsewhere a person has to learn of it.
            return sys.platform != "win32"
        except OSError:
            return False


def is_passing(outcome: Outcome) -> bool:
    """Return True for trouble that passes: a gateway that is away, a limit, a full disk."""
    full = outcome.code is Exit.CANTCREAT and outcome.for_all
    return full or outcome.code in (Exit.UNAVAILABLE, Exit.REFUSED)
