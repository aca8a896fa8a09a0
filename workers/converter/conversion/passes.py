"""One scale for all that is run for a conversion: it only grows, whatever comes after what.

How many passes there will be is not known at first: a copy of packets may be of no use, and a chapter may
need a second try. So each pass takes a share of what is left of the scale, and the last one all of it.
"""

from msgspec.structs import replace

from workers.converter.ffmpeg.messages import Mark
from workers.converter.ffmpeg.process import OnProgress

LOUDNESS, MEASURING, GUESSING, COPYING, LAST = 0.6, 0.3, 0.9, 0.1, 1.0
"""Shares, about as a pass takes of the time that is left. After a guess or a copy there is seldom another."""


class Passes:
    """The scale of one conversion, or of the part of one that `tell` stands for."""

    def __init__(self, tell: OnProgress, seconds: float | None = None) -> None:
        """`seconds` is the length to report; None: that of each pass."""
        self._tell, self._seconds = tell, seconds
        self._reached = self._behind = 0.0
        self._last = Mark(0.0, None)
        self._length: float | None = None

    def next(self, share: float) -> OnProgress:
        """Return the watcher of the next pass, which takes this share of what is left."""
        before = self._behind
        self._behind += share * (1 - before)
        behind = self._behind

        async def watch(mark: Mark, length: float | None) -> None:
            if length:
                await self._reach(before + (behind - before) * min(mark.seconds / length, 1.0), mark, length)
            else:
                await self._tell(mark, length)

        return watch

    async def end(self) -> None:
        """Report that all is done, where a length was ever known."""
        if self._length and self._reached < 1:
            await self._reach(1.0, self._last, self._length)

    async def _reach(self, place: float, mark: Mark, length: float) -> None:
        self._reached = max(self._reached, place)
        self._last, self._length = mark, self._seconds or length
        await self._tell(replace(mark, seconds=self._reached * self._length), self._length)
