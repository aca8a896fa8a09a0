"""The map of time between a video and the audio that was made of it, both ways. Pure.

The part from `start` on is played at `speed`; silence is cut off its beginning (`trim_silence`); pauses are
shortened (`shorten_pauses`), which leaves *seams*. Converter, gateway and page place chapters, transcripts
and cuts by this map alone.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from msgspec import Struct

from events.options import Options


class Seam(Struct, frozen=True, array_like=True, gc=False):
    """A place of the audio at which so many seconds of a pause are left out. Both in seconds as heard."""

    at: float
    left_out: float


class TimeMap:
    """Maps seconds of the video to those of its audio. What the audio lacks is at the nearest place."""

    def __init__(
        self,
        options: Options,
        seams: Sequence[Seam] = (),
        *,
        silence_cut: float = 0.0,
        length: float = math.inf,
    ) -> None:
        """`silence_cut`: seconds as heard; `length`: those of the audio, where they are known."""
        self._start, self._speed = options.start, options.speed
        self._silence, self._length = silence_cut, length
        self._places = [seam.at for seam in seams]
        self._left_out = [0.0, *accumulate(seam.left_out for seam in seams)]
        """Seconds that are left out before the first seam, the second, …, and in all."""
        self._begins = [place + before for place, before in zip(self._places, self._left_out, strict=False)]
        """Where each seam's silence would begin if nothing were left out."""

    def in_audio(self, seconds: float) -> float:
        """Return the second of the audio for one of the video."""
        heard = (seconds - self._start) / self._speed - self._silence
        before = bisect_left(self._begins, heard)
        heard -= self._left_out[before]
        if before:  # a moment that a seam leaves out is at the seam
            heard = max(heard, self._places[before - 1])
        return min(max(heard, 0.0), self._length)

    def in_video(self, seconds: float) -> float:
        """Return the second of the video for one of the audio. A seam stands for the end of what it lacks."""
        left_out = self._left_out[bisect_right(self._places, seconds)]
        return self._start + (seconds + left_out + self._silence) * self._speed
