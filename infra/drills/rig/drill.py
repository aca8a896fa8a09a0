"""One run of a drill: where it works, what it prints, what it finds. The verdict is a list of promises."""

import time
from collections.abc import Iterable
from pathlib import Path

from events.errors import TonearmError


class Skipped(TonearmError):
    """The drill cannot be run here; the text gives the reason."""


class Drill:
    """The arguments of a drill. `directory` is its own, is empty, and goes when it ends."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.kept = 0
        self.broken: list[str] = []
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """The seconds since it began."""
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        """Print what is being done, or was measured."""
        print(f"{self.seconds:6.1f} s  {text}", flush=True)

    def holds(self, promise: str, kept: object, seen: object = "") -> bool:
        """Note whether a promise was kept; `seen` is what there was instead, or a figure."""
        self.say(f"{'holds' if kept else 'BROKEN'}: {promise}" + (f" ({seen})" if seen != "" else ""))
        if kept:
            self.kept += 1
        else:
            self.broken.append(promise)
        return bool(kept)

    def none(self, promise: str, faults: Iterable[str]) -> bool:
        """Note that a promise was kept if there are no faults."""
        found = list(faults)
        return self.holds(promise, not found, "; ".join(found[:5]))
