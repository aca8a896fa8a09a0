"""Measures how loud a sound is on its way into the encoder, window by window. Pure.

ffmpeg's filter `astats` sees every sample, and its numbers come through a pipe of their own. The samples stay
as they are, so the result has the same bytes as without. Packets that are copied are measured where they are
decoded anyway.

It takes 7 % of an MP3's conversion, in a thread of its own. Half of that is for windows that are short enough
to find pauses by them (see `pauses`): each time `astats` clears tables that nobody asked for. ffmpeg's
`silencedetect` would take twice as much, and must know beforehand how loud silence is.
"""

import math
import re
from array import array

from msgspec.structs import replace

from events.options import Format
from workers.converter.containers.waveform import waveform
from workers.converter.ffmpeg.encoders import BLOCK
from workers.converter.ffmpeg.filters import metering
from workers.converter.ffmpeg.pauses import LARGEST, SILENT, Envelope
from workers.converter.ffmpeg.plan import Plan, with_last
from workers.converter.ffmpeg.words import SCRIPT, script

MOST = 2048
"""Points of a waveform, at most; of a long one, at least half as many."""
_SHORTEST, _LEAST = 4608, 1024
"""Samples of a window: about a tenth of a second, and where the sample rate is low."""
_LONGEST = 0.2
"""Seconds of a window. Pauses begin and end with one."""
_USUAL = 48000
"""Samples a second where nobody knows yet."""
_MOST_WINDOWS = 2_000_000
"""Windows of a sound whose pauses are found. By a broken rate there may be more."""
_HERTZ = 50_000
"""Samples a second, about: a little more than most sounds have."""
_BYTES_A_SECOND = 32_000
"""Of a file whose length is not known yet. A wrong guess only costs a little time."""
_FASTEST = 2**24
"""Samples a second: more than any sound has. By a broken clock there may be more than a file can tell."""
_LONGEST_LINE = 4096
_EXACTLY = 0.2
"""Seconds to which measured and written sound agree: a few packets."""
_NUMBER = rb"(-?(?:\d{1,20}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?|inf|nan))"
_WINDOW = re.compile(
    rb"pts:(\d{1,18}) +pts_time:(\d{1,18}(?:\.\d{1,18})?)\n"
    rb"[^\n]*Overall\.Min_level=%b\n[^\n]*Overall\.Max_level=%b\n[^\n]*Overall\.Peak_level=%b\n"
    % ((_NUMBER,) * 3)
)


def metered(plan: Plan, size: int, sample_rate: int = _USUAL) -> Plan:
    """Return the plan for a source of so many bytes with a meter behind all its filters.

    Its numbers go to the descriptor behind all others.
    """
    if plan.output[-1] == "null":  # it writes nothing
        return plan
    window = _window(plan, size, sample_rate)
    place = SCRIPT + bool(script(plan.format, plan.words)) + plan.copied
    meter = metering(window, place)
    if plan.copied:
        return replace(plan, check=("-af", meter, *plan.check), window=window)
    if plan.format is Format.FLAC:  # its blocks stay as they are
        meter += f",asetnsamples={BLOCK}:p=0"
    return replace(with_last(plan, meter), window=window)


def _window(plan: Plan, size: int, sample_rate: int) -> int:
    """Return the samples of a window: few windows, but none that is longer than `_LONGEST`."""
    seconds = plan.expected_seconds or size / _BYTES_A_SECOND
    wanted = max(seconds * _HERTZ / MOST, _SHORTEST)
    return max(round(min(wanted, (sample_rate or _USUAL) * _LONGEST, LARGEST)), _LEAST)


class Levels:
    """Reads the numbers of a meter: the lowest and the highest sample of each window, in 8 bits.

    Two points become one where they would be more than `MOST`.
    """

    def __init__(self, window: int = 0) -> None:
        """Read windows of so many samples."""
        self.window = window
        self._rest, self._windows = b"", 0
        self._rate = 0
        """Samples a second, by the clock of the windows: that of the source, or of the result."""
        self._low, self._high, self._count = 127, -128, 0
        """The windows of the point that is not whole yet."""
        self.points = array("b")
        """Low and high by turns."""
        self.span = 1
        """The windows in each point; the last point may have fewer."""
        self._levels = bytearray()
        """The peak of each window, in decibels below the full scale."""

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        data, end = self._rest + data, 0
        for window in _WINDOW.finditer(data):
            samples, seconds, low, high, decibels = map(float, window.groups())
            self._add(*_extremes(low, high, decibels))
            if self._windows < _MOST_WINDOWS:
                self._levels.append(_below(decibels))
            self._rate = round(samples / seconds) if seconds else self._rate
            end = window.end()
        self._rest = data[end:][-_LONGEST_LINE:]

    def waveform(self, seconds: float, sample_rate: int) -> bytes:
        """Return the peaks of a sound of this length as a file; empty where something else was measured.

        `sample_rate` counts where there is but one window. Takes no more windows afterwards.
        """
        rate = self._rate or sample_rate
        beyond = self._windows * self.window - seconds * rate
        fits = -_EXACTLY * rate < beyond < self.window + _EXACTLY * rate
        if not (self._windows and 0 < rate < _FASTEST and fits):
            return b""
        if self._count:
            self._complete()
        return waveform(self.points.tobytes(), sample_rate=rate, samples_per_point=self.span * self.window)

    def envelope(self, sample_rate: int) -> Envelope:
        """Return how loud the sound was; `sample_rate` counts where there is but one window."""
        rate = self._rate or sample_rate
        if self._windows > len(self._levels) or not 0 < rate < _FASTEST or not self.window:
            return Envelope(b"", 1.0)
        return Envelope(bytes(self._levels), rate / self.window)

    def _add(self, low: int, high: int) -> None:
        self._low, self._high = min(self._low, low), max(self._high, high)
        self._count += 1
        self._windows += 1
        if self._count == self.span:
            self._complete()

    def _complete(self) -> None:
        self.points.extend((self._low, self._high))
        self._low, self._high, self._count = 127, -128, 0
        if len(self.points) // 2 > MOST:
            self._halve()

    def _halve(self) -> None:
        """Make one point of two. The last of an odd number is the first half of the next point."""
        lows, highs = self.points[0::2], self.points[1::2]
        if len(lows) % 2:
            self._low, self._high, self._count = lows.pop(), highs.pop(), self.span
        self.points = array("b", bytes(len(lows)))
        self.points[0::2] = array("b", map(min, lows[0::2], lows[1::2]))
        self.points[1::2] = array("b", map(max, highs[0::2], highs[1::2]))
        self.span *= 2


def _extremes(low: float, high: float, decibels: float) -> tuple[int, int]:
    """Return the extremes in 8 bits.

    ffmpeg prints them in the units of whatever samples there are, and the larger one in dB of the full scale.
    """
    largest = max(-low, high)
    if not 0 < largest < float("inf"):
        return 0, 0
    scale = 128 * 10 ** (min(0.0, decibels) / 20) / largest
    return _bits(low * scale), _bits(high * scale)


def _below(decibels: float) -> int:
    if math.isnan(decibels):  # whatever it is, nobody calls it silence
        return 0
    return round(min(max(-decibels, 0), SILENT))


def _bits(value: float) -> int:
    return max(-128, min(127, round(value))) if value == value else 0
