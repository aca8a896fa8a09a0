"""The end by SIGTERM, which systemd sends: at once, and without harm."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from cli.convert.crew import Crew


class Termination:
    """Hears SIGTERM, and raises KeyboardInterrupt: in a crew at a good moment, else where it comes."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._crew: Crew | None = None

    @property
    def is_wanted(self) -> bool:
        """True once SIGTERM has come."""
        return self._wanted.is_set()

    def __enter__(self) -> Self:
        self._is_heard = threading.current_thread() is threading.main_thread()
        if self._is_heard:
            self._before = signal.signal(signal.SIGTERM, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_heard:
            signal.signal(signal.SIGTERM, self._before)

    @contextmanager
    def of(self, crew: Crew) -> Iterator[None]:
        """Let this crew end while the block lasts."""
        self._crew = crew
        try:
            yield
        finally:
            self._crew = None

    def wait(self, seconds: float) -> None:
        """Wait, or raise KeyboardInterrupt when an end is wanted."""
        if self._wanted.wait(seconds):
            raise KeyboardInterrupt

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self._wanted.set()
        if self._crew is None:
            raise KeyboardInterrupt
        self._crew.end_at_once()
