"""Reads ffmpeg's dump of its input: the tracks, chapters, pictures and tags of a file. Pure.

It reads line by line, with bounded memory, and by the indent: the file's own texts stand deeper than
ffmpeg's, and a title's second line begins with a colon. The name of a tag and a language may hold line
breaks, though, so a file can lie about itself. It then gets a conversion that fails.
"""

import re

from events.media import (
    LONGEST_TAG,
    LONGEST_TEXT,
    MOST_CHAPTERS,
    MOST_TRACKS,
    Chapter,
    Media,
    Picture,
    Subtitle,
    Tag,
    Track,
)
from events.texts import one_line
from workers.converter.ffmpeg.tags import kept_as, lines

_INPUT = re.compile(r"Input #0, (.+), from 'fd:':")
# What is longer or oddly dotted is a lie of the file's: it would be no number, or none that JSON can hold.
_INTEGER = r"\d{1,9}"
_SECONDS = rf"-?{_INTEGER}(?:\.{_INTEGER})?"
_DURATION = re.compile(
    rf"  Duration: (?:({_INTEGER}):(\d\d):(\d\d\.{_INTEGER})|N/A)"
    rf"(?:, start: ({_SECONDS}))?(?:.*?, bitrate: ({_INTEGER}) kb/s)?"
)
_CHAPTER = re.compile(rf"    Chapter #0:\d+: start ({_SECONDS}), end ({_SECONDS})")
_STREAM = re.compile(rf"  Stream #0:({_INTEGER})(?:\[\w+\])?(?:\((.*?)\))?: (\w+): (.*)")
_CODEC = re.compile(r"(\w+)((?: \([^()]*(?:\([^()]*\)[^()]*)?\))*)(.*)")
"""One way only to read any text: with two, a line of 4 kB would take a tenth of a second."""
_KHZ = re.compile(rf", ({_INTEGER}) Hz(?:, ([^,]+))?")
_DEPTH = re.compile(rf", \w+ \(({_INTEGER} bit)\)")
_START = re.compile(rf", start ({_SECONDS})")
_BITS = re.compile(rf", ({_INTEGER}) kb/s")
_SIZE = re.compile(rf", ({_INTEGER})x({_INTEGER})")
_TEXTS = frozenset({"subrip", "ass", "ssa", "webvtt", "mov_text", "text"})
"""Subtitles that we decode (`arguments.TEXT_DECODERS`). The others are pictures of letters, or rare."""
_LAYOUTS = {"mono": 1, "stereo": 2, "downmix": 2, "quad": 4, "quad(side)": 4, "hexagonal": 6, "octagonal": 8}
_LAYOUTS |= {"cube": 8, "hexadecagonal": 16, "binaural": 2}


class Dump:
    """Collects the content of a file from the lines of the dump."""

    def __init__(self) -> None:
        self._container: str | None = None
        self._over = False
        self._seconds, self._start, self._bit_rate = 0.0, 0.0, 0
        self._tracks: dict[int, dict[str, str | float | bool]] = {}
        self._pictures: dict[int, Picture] = {}
        self._subtitles: dict[int, dict[str, str | bool]] = {}
        self._chapters: list[tuple[float, float, str]] = []
        self._tags: dict[str, str] = {}
        self._owner = ""
        """The owner of the tags that follow: the file, a chapter or a track."""
        self._track = -1
        self._name = ""

    @property
    def over(self) -> bool:
        """True when the dump of the source has ended."""
        return self._over

    @property
    def start(self) -> float:
        """Seconds of the file's clock at its beginning."""
        return self._start

    def feed(self, line: str) -> None:
        """Take the next line, without its end."""
        if self._over:
            return
        if self._container is None:
            if match := _INPUT.match(line):
                self._container, self._owner = clean(match[1]), "file"
        elif not line.startswith("  "):
            self._over = True
        elif not line.startswith("   "):
            self._top(line)
        elif self._owner == "chapters" and (match := _CHAPTER.match(line)):
            if len(self._chapters) == MOST_CHAPTERS:
                self._owner = ""  # what follows is no part of the last one's title
            else:
                self._chapters.append((float(match[1]), float(match[2]), ""))
        else:
            self._tag(line)

    @property
    def media(self) -> Media | None:
        """The content of the file; None when ffmpeg could not open it."""
        if self._container is None:
            return None
        audio = [self._tracks[index] for index in sorted(self._tracks)]
        texts = [self._subtitles[index] for index in sorted(self._subtitles)]
        # Chapters of an MP3 are told from its first sample on, whatever its frames are late by.
        shift = self._start if self._container.startswith(("matroska,", "mov,")) else 0.0
        return Media(
            container=self._container,
            duration_seconds=self._seconds,
            bit_rate=self._bit_rate,
            tracks=tuple(Track(index=at, **each) for at, each in enumerate(audio)),  # type: ignore[arg-type]
            subtitles=tuple(Subtitle(index=at, **each) for at, each in enumerate(texts)),  # type: ignore[arg-type]
            pictures=tuple(self._pictures[index] for index in sorted(self._pictures)),
            chapters=tuple(
                Chapter(start=_later(a, shift), end=_later(b, shift), title=clean(t))
                for a, b, t in self._chapters
            ),
            tags=tuple(Tag(name, lines(text)) for name, text in self._tags.items()),
        )

    def _top(self, line: str) -> None:
        self._name = ""
        if match := _DURATION.match(line):
            if match[1]:
                self._seconds = int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])
            self._start = float(match[4] or 0.0)
            self._bit_rate = int(match[5] or 0) * 1000
        elif match := _STREAM.match(line):
            self._stream(int(match[1]), match[2] or "", match[3], match[4])
        elif line.startswith("  Chapters:"):
            self._owner = "chapters"
        elif line.startswith("  Program"):
            self._owner = ""

    def _stream(self, index: int, language: str, kind: str, words: str) -> None:
        self._owner, self._track = "", -1
        match = _CODEC.match(words)
        if match is None or index in self._tracks or index in self._pictures or index in self._subtitles:
            return
        if kind == "Video" and len(self._pictures) < MOST_TRACKS:
            size = _SIZE.search(match[3])
            width, height = (int(size[1]), int(size[2])) if size else (0, 0)
            cover = "(attached pic)" in match[3]
            self._pictures[index] = Picture(codec=match[1], width=width, height=height, cover=cover)
        elif kind == "Audio" and len(self._tracks) < MOST_TRACKS:
            self._owner, self._track = "track", index
            track = _audio(match[1], match[2], match[3]) | {"language": _language(language)}
            if start := _START.search(match[3]):
                track["start"] = _later(float(start[1]), self._start)
            self._tracks[index] = track
        elif kind == "Subtitle" and len(self._subtitles) < MOST_TRACKS:
            self._owner, self._track = "subtitle", index
            self._subtitles[index] = {
                "codec": match[1],
                "language": _language(language),
                "default": "(default)" in words,
                "forced": "(forced)" in words,
                "text": match[1] in _TEXTS,
            }

    def _tag(self, line: str) -> None:
        if line.endswith(("Metadata:", "Side data:")) and ": " not in line:
            if line.endswith("Side data:"):
                self._owner = ""
            return
        new, colon, text = line.partition(": ")
        if not colon:
            return
        new = new.strip(" ")
        name = self._name = new or self._name
        if self._owner == "chapters" and name == "title" and self._chapters:
            start, end, before = self._chapters[-1]
            self._chapters[-1] = (start, end, f"{before} {text}".strip()[:LONGEST_TEXT])
        elif self._owner == "subtitle" and name in ("title", "name"):
            subtitle = self._subtitles[self._track]
            subtitle["title"] = clean(f"{subtitle.get('title', '')} {text}")
        elif self._owner == "file" or (self._owner == "track" and self._is_the_files(name, text)):
            self._keep(name, text, further=not new)

    def _is_the_files(self, name: str, text: str) -> bool:
        """Keep a track's title. Return True where a track has the whole file's tags, as in Ogg."""
        track = self._tracks[self._track]
        if name in ("title", "name") and self._container != "ogg":
            track["title"] = clean(f"{track.get('title', '')} {text}")
        return self._container == "ogg" and len(self._tracks) == 1

    def _keep(self, name: str, text: str, *, further: bool) -> None:
        """Keep a tag of the allow-list, or a further line of one. The log cannot be edited."""
        if not (name := kept_as(name)):
            return
        if name in self._tags:
            if not further:
                return
            text = f"{self._tags[name]}\n{text}"
        self._tags[name] = text[:LONGEST_TAG]


def read(words: str) -> Media | None:
    """Return the content of ffmpeg's input by these messages; None when they have no dump of one."""
    dump = Dump()
    for line in words.split("\n"):
        dump.feed(line)
    return dump.media


def clean(text: str) -> str:
    """Return a text that can be shown: one harmless line, of bounded length."""
    return one_line(text[: 2 * LONGEST_TEXT])[:LONGEST_TEXT]


def channels_of(layout: str) -> int:
    """Count the channels of a layout as ffmpeg names it; 0 when it is unknown."""
    if match := re.match(rf"({_INTEGER}) channels", layout):
        return int(match[1])
    if match := re.match(rf"{_INTEGER}(?:\.{_INTEGER})+", layout):
        return sum(map(int, match[0].split(".")))
    if match := re.match(r"ambisonic (\d)\b", layout):
        return (int(match[1]) + 1) ** 2
    return _LAYOUTS.get(layout, 0)


def _language(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9-]{1,35}", text) and text != "und" else ""


def _later(seconds: float, start: float) -> float:
    return max(round(seconds - start, 6), 0.0)


def _audio(codec: str, parentheses: str, rest: str) -> dict[str, str | float | bool]:
    """Read a line such as `aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s (default)`."""
    notes = re.findall(r" \(((?:[^()]|\([^()]*\))*)\)", parentheses)
    tag = next((each.split(" / 0x")[0] for each in notes if " / 0x" in each), "")
    # The first may name the decoder, in small letters with digits; profiles have capitals.
    profiles = [each for each in notes if " / 0x" not in each and not re.fullmatch(r"[a-z0-9_]+", each)]
    depth = _DEPTH.search(rest)
    rate, bits = _KHZ.search(rest), _BITS.search(rest)
    layout = rate[2] or "" if rate else ""
    return {
        "codec": codec if codec != "none" else clean(tag),
        "profile": clean(profiles[0]) if profiles else depth[1] if depth else "",
        "sample_rate": int(rate[1]) if rate else 0,
        "layout": clean(layout),
        "channels": channels_of(layout),
        "bit_rate": int(bits[1]) * 1000 if bits else 0,
        "default": "(default)" in rest,
    }
