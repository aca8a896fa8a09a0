"""The loop of every part that follows the log for as long as the process lives."""

import asyncio

import structlog

from events.errors import LogDamaged, Unavailable

log = structlog.get_logger()


class LogFollower:
    """Follows the log. One task runs `run`; `trouble` is what keeps it from being up to date, if anything."""

    def __init__(self, name: str, *, pause: float) -> None:
        """`name` stands in the log's lines, `pause` is the time in seconds between two attempts."""
        self._name, self._pause = name, pause
        self.trouble: str | None = "the log was not read yet"

    async def run(self) -> None:
        """Follow the log until cancelled. Trouble is logged, shown in `trouble`, and tried again."""
        while True:
            try:
                await self._follow()
            except (Unavailable, LogDamaged) as error:
                self.trouble = str(error)
                log.error(f"{self._name}_interrupted", error=str(error), kind=type(error).__name__)
            except Exception as error:
                self.trouble = repr(error)
                log.exception(f"{self._name}_failed")
            await asyncio.sleep(self._pause)

    async def _follow(self) -> None:
        """Read the log until its connection is lost. Raises Unavailable, LogDamaged."""
        raise NotImplementedError
