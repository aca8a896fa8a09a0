"""Reads ffmpeg's output while it works: messages on standard error, numbers on the progress pipe. Pure.

Both come in pieces, so that no file can fill the memory by what it makes ffmpeg print. The last 64 kB of the
messages are kept, and a few facts from the beginning.
"""

import re

from msgspec import Struct

from events.media import Media
from workers.converter.ffmpeg.dump import Dump, channels_of

TAIL = 64 * 1024
_LONGEST_LINE = 4096
_MOST_READ = 16 << 20
"""Bytes of messages that are searched for complaints. A damaged file may make ffmpeg print gigabytes."""

_DURATION = re.compile(r"  Duration: (\d{1,9}):(\d\d):(\d\d\.\d{1,9}), ")
_UNDECODED = re.compile(r"\[.*Error submitting packet to decoder")
_BROKEN = re.compile(
    r"\[.*(?:invalid as first byte of an EBML number|exceeds containing master|Unknown-sized element"  # MKV
    r"|Packet mismatch|ff asf bad header|invalid padsize|invalid packet_length|packet_replic_size"  # FLV, WMV
    r"|max resync size reached|changing packet size|Error during demuxing)"  # TS, MPEG, any
)
_CORRUPT = re.compile(r"\[.*Packet corrupt \(stream = (\d{1,9})")
_MAPPED = re.compile(r"  Stream #0:(\d{1,9}) -> #0:0 ")
_JUMP = re.compile(r"\[.*(?:timestamp|DTS) discontinuity")
_GUESS = re.compile(r"\[.*Estimating duration from bitrate")
_MOST_STREAMS = 64
_CHANGE = re.compile(r"\[af#\d+:0 @ \w+\] Reconfiguring filter graph")
_SHAPE = re.compile(r".* changed to (\d{1,9}) Hz, ([^,]+), ")
_MOST_SHAPES = 16
_CHECKED = re.compile(r"  Stream #2:0\S*: Audio: pcm_f32le.*?, (\d{1,9}) Hz, ([^,]+), ")
_CHECK_SIZE = re.compile(r"\[out#2/null @ \w+\] .*audio:(\d{1,12})KiB")
_SAMPLE_BYTES = 4
CLOCK = 1_000_000.0
"""Seconds that the clock of a changing sound is ahead of the result's, see `uniform`."""


class Shape(Struct, frozen=True):
    """The form of decoded samples; `layout` of channels as ffmpeg names it."""

    sample_rate: int
    layout: str


_LOCKED = re.compile(r"\[.*(?:DRM protected stream detected|activation_bytes|Unsupported encryption scheme)")
_SILENCE = re.compile(
    r"\[(?:silencedetect|Parsed_silencedetect_\d+) @ .*silence_(start|end): (-?\d{1,9}(?:\.\d{1,9})?)"
)
_AUDIO = re.compile(r"  Stream #0:\d+\S*: Audio: (\w+)")


class Findings(Struct, frozen=True, kw_only=True):
    """Facts from ffmpeg's messages. `length` in seconds as the container states it; None: it does not."""

    length: float | None = None
    codec: str = ""
    """The codec of the first audio track; empty when there is none."""
    guessed: bool = False
    """The length is only a guess from size and bit rate."""
    jumped: bool = False
    """The clock jumps, as where recordings were joined. So the length is not that of the sound."""
    shapes: tuple[Shape, ...] = ()
    """The forms that the samples change to on the way; empty: they keep theirs."""
    decoded: float | None = None
    """Seconds of sound in the packets that were copied; None: nobody decoded them."""
    undecoded: int = 0
    """Packets of the sound that were lost on the way, or refused by the decoder.

    One or two are common: where a recording begins or ends.
    """
    broken: int = 0
    """Places where the container made no sense."""
    tail: str = ""
    media: Media | None = None
    """The content of the file; None when ffmpeg could not open it."""
    start: float = 0.0
    """Seconds of the file's clock at its beginning."""
    silent_until: float = 0.0
    """Seconds of silence at the beginning of the sound, where that was measured."""
    locked: bool = False
    """The sound is protected, by a message of the demuxer."""


class Messages:
    """Collects findings from standard error."""

    def __init__(self) -> None:
        self._tail, self._line = bytearray(), bytearray()
        self._length: float | None = None
        self._codec = ""
        self._undecoded = self._broken = 0
        self._locked = self._guessed = self._jumped = False
        self._corrupt = [0] * _MOST_STREAMS
        """Packets that came damaged, by stream."""
        self._stream = 0
        self._shapes: dict[Shape, None] = {}
        self._check_rate, self._decoded = 0, -1.0
        self._silence: list[tuple[str, float]] = []
        """The first beginning and end of a silence."""
        self._dump = Dump()
        self._left = _MOST_READ

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        self._tail += data
        del self._tail[:-TAIL]
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._read(bytes(self._line + line[:_LONGEST_LINE]))
            self._line.clear()
        self._line += rest[: _LONGEST_LINE - len(self._line)]

    def findings(self) -> Findings:
        """Return the findings so far."""
        tail = self._tail.decode(errors="replace")
        return Findings(
            length=self._length,
            codec=self._codec,
            guessed=self._guessed,
            jumped=self._jumped,
            shapes=tuple(self._shapes),
            decoded=self._decoded if self._decoded >= 0 else None,
            undecoded=self._undecoded + self._corrupt[self._stream % _MOST_STREAMS],
            broken=self._broken,
            tail=tail,
            media=self._dump.media,
            start=self._dump.start,
            locked=self._locked,
            silent_until=self._silent_until(),
        )

    @property
    def length(self) -> float | None:
        """The container's length in seconds, once it was printed."""
        return self._length

    def _silent_until(self) -> float:
        match self._silence:
            case [("start", start), ("end", end)] if start <= 0:
                return end
            case _:
                return 0.0

    def _read(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        self._dump.feed(text)
        if self._left > 0:
            self._left -= len(line)
            self._locked |= _LOCKED.match(text) is not None
            # A file's own texts are indented, so no title is taken for a complaint.
            self._undecoded += _UNDECODED.match(text) is not None
            self._broken += _BROKEN.match(text) is not None
            self._guessed |= _GUESS.match(text) is not None
            self._jumped |= _JUMP.match(text) is not None
            if match := _CORRUPT.match(text):
                self._corrupt[int(match[1]) % _MOST_STREAMS] += 1
        if self._dump.over:
            self._read_work(text)
            if len(self._silence) < 2 and (match := _SILENCE.match(text)):
                self._silence.append((match[1], float(match[2])))
            return
        if self._length is None and (match := _DURATION.match(text)):
            self._length = int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])
        elif not self._codec and (match := _AUDIO.match(text)):
            self._codec = match[1]

    def _read_work(self, text: str) -> None:
        """Take a line from after the dump of the input."""
        if match := _MAPPED.match(text):
            self._stream = int(match[1])
        elif _CHANGE.match(text) and len(self._shapes) < _MOST_SHAPES:
            found = _SHAPE.match(text)
            self._shapes[Shape(int(found[1]), found[2]) if found else Shape(0, "")] = None
        elif match := _CHECKED.match(text):
            self._check_rate = int(match[1]) * channels_of(match[2]) * _SAMPLE_BYTES
        elif (match := _CHECK_SIZE.match(text)) and self._check_rate:
            self._decoded = int(match[1]) * 1024 / self._check_rate


class Mark(Struct, frozen=True):
    """A position of ffmpeg: seconds of sound written, and the speed in seconds a second (None at first)."""

    seconds: float
    speed: float | None


_READ = ("out_time_us", "speed")


class ProgressReader:
    """Reads the progress pipe: blocks of `key=value` lines, each ended by `progress=…`."""

    def __init__(self) -> None:
        self._rest = b""
        self._values: dict[str, str] = {}
        self.seconds = 0.0
        """The last position."""

    def feed(self, data: bytes) -> list[Mark]:
        """Take the next piece; return the marks that it completes."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        marks = []
        for line in lines:
            key, _, value = line[:_LONGEST_LINE].decode(errors="replace").partition("=")
            if key in _READ:
                self._values[key] = value.strip()
            if key == "progress":
                marks.append(self._mark())
                self._values.clear()
        return marks

    def _mark(self) -> Mark:
        done = self._values.get("out_time_us", "")
        if re.fullmatch(r"\d{1,18}", done):  # "N/A" before the first packet, negative while it is primed
            self.seconds = int(done) / 1_000_000
            if self.seconds >= CLOCK:
                self.seconds -= CLOCK
        speed = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?(?:e[+-]?\d\d?)?)x", self._values.get("speed", ""))
        return Mark(self.seconds, float(speed[1]) if speed else None)
