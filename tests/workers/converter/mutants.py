"""Small files of every container, and what chance makes of them. The same seed makes the same files."""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from media import CENC, ffmpeg

_SOUND = ["-f", "lavfi", "-i", "sine=440:duration=0.6:sample_rate=44100"]
_FILM = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=0.6", *_SOUND]
_TAGS = ["-metadata", "title=A walk", "-metadata", "artist=Ada"]
_BOOK = ["-i", "chapters", "-map_metadata", "1"]
_CHAPTERS = "".join(
    f"[CHAPTER]\nTIMEBASE=1/10\nSTART={at}\nEND={at + 2}\ntitle=Chapter {at}\n" for at in (0, 2, 4)
)
_H264 = ["-c:v", "libx264", "-preset", "ultrafast"]

WHOLE: dict[str, list[str]] = {
    "h264.mp4": [*_FILM, *_H264, "-c:a", "aac", *_TAGS],
    "moov-first.mp4": [*_FILM, *_H264, "-c:a", "aac", "-movflags", "+faststart", *_TAGS],
    "fragmented.mp4": [*_FILM, *_H264, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"],
    "encrypted.mp4": [*_FILM, *_H264, "-c:a", "aac", *CENC],
    "book.m4a": [*_SOUND, *_BOOK, "-c:a", "aac"],
    "book.mkv": [*_SOUND, *_BOOK, "-c:a", "flac"],
    "alac.m4a": [*_SOUND, "-c:a", "alac", *_TAGS],
    "pcm.mov": [*_FILM, "-c:v", "mjpeg", "-c:a", "pcm_s16le"],
    "h264.mkv": [*_FILM, *_H264, "-c:a", "aac", *_TAGS],
    "surround.mkv": [*_SOUND, "-c:a", "ac3", "-ac", "6"],
    "opus.webm": [*_FILM, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"],
    "vorbis.webm": [*_SOUND, "-c:a", "libvorbis"],
    "mp3.avi": [*_FILM, "-c:v", "mpeg4", "-c:a", "libmp3lame"],
    "adpcm.avi": [*_SOUND, "-c:a", "adpcm_ms"],
    "h264.ts": [*_FILM, *_H264, "-c:a", "aac"],
    "ac3.m2ts": [*_FILM, "-c:v", "mpeg2video", "-r", "25", "-c:a", "ac3"],
    "mp2.mpg": [*_FILM, "-c:v", "mpeg1video", "-r", "25", "-c:a", "mp2"],
    "mp3.flv": [*_FILM, "-c:v", "flv", "-c:a", "libmp3lame"],
    "wma.wmv": [*_FILM, "-c:v", "wmv2", "-c:a", "wmav2", *_TAGS],
    "amr.3gp": [*_SOUND, "-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1"],
    "pcm.mxf": [*_FILM, "-c:v", "mpeg2video", "-r", "25", "-c:a", "pcm_s16le", "-ar", "48000"],
    "opus.ogg": [*_SOUND, "-c:a", "libopus", *_TAGS],
    "vorbis.ogg": [*_SOUND, "-c:a", "libvorbis", *_TAGS],
    "tagged.mp3": [*_SOUND, "-c:a", "libmp3lame", *_TAGS],
    "plain.aac": [*_SOUND, "-c:a", "aac"],
    "plain.flac": [*_SOUND, "-c:a", "flac", *_TAGS],
    "plain.wav": [*_SOUND, "-c:a", "pcm_s16le", *_TAGS],
    "adpcm.wav": [*_SOUND, "-c:a", "adpcm_ima_wav"],
    "plain.w64": [*_SOUND, "-c:a", "pcm_s24le"],
    "plain.aiff": [*_SOUND, "-c:a", "pcm_s16be", *_TAGS],
    "plain.caf": [*_SOUND, "-c:a", "alac"],
    "plain.au": [*_SOUND, "-c:a", "pcm_s16be"],
    "plain.voc": [*_SOUND, "-c:a", "pcm_u8"],
    "plain.wv": [*_SOUND, "-c:a", "wavpack"],
    "plain.tta": [*_SOUND, "-c:a", "tta"],
    "plain.amr": [*_SOUND, "-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1"],
    "plain.ac3": [*_SOUND, "-c:a", "ac3"],
    "plain.eac3": [*_SOUND, "-c:a", "eac3"],
    "plain.dts": [*_SOUND, "-c:a", "dca", "-ar", "48000"],
    "plain.thd": [*_SOUND, "-c:a", "truehd", "-ar", "48000"],
    "plain.latm": [*_SOUND, "-c:a", "aac", "-f", "latm"],
    "real.rm": [*_SOUND, "-c:a", "real_144", "-ar", "8000", "-ac", "1"],
}
"""Everything is 0.6 s long, so that most of a file is what parsers read."""

_ODD = (0, 1, 2, 7, 8, 9, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63)
"""Numbers at which programs stumble."""
_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9 ]{3}")


def make_all(directory: Path) -> dict[str, bytes]:
    """Return the whole files by name."""
    chapters = directory / "chapters"
    chapters.write_text(f";FFMETADATA1\n{_CHAPTERS}")
    for name, arguments in WHOLE.items():
        given = [str(chapters) if each == "chapters" else each for each in arguments]
        ffmpeg("-y", *given, "-strict", "-2", str(directory / name))
    return {name: (directory / name).read_bytes() for name in WHOLE}


class Mutant(NamedTuple):
    """A file that was whole once."""

    name: str
    content: bytes


def mutant(whole: dict[str, bytes], seed: int, number: int) -> Mutant:
    """Return the mutant of this number: a file that one to four things happened to."""
    chance = Random(f"{seed}/{number}")  # noqa: S311 - to be had again
    name = chance.choice(sorted(whole))
    content = bytearray(whole[name])
    for _ in range(chance.randint(1, 4)):
        chance.choice(_HARMS)(content, chance)
    if number % 8 == 7:
        _multiply(content, chance)
    return Mutant(name, bytes(content))


def _place(content: bytearray, chance: Random) -> int:
    """Return a place, half of the time near the beginning."""
    end = max(len(content) - 1, 0)
    return chance.randint(0, min(end, 2000) if chance.random() < 0.5 else end)


def _flip(content: bytearray, chance: Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        if content:
            content[_place(content, chance)] ^= 1 << chance.randrange(8)


def _cut(content: bytearray, chance: Random) -> None:
    del content[_place(content, chance) :]


def _remove(content: bytearray, chance: Random) -> None:
    at = _place(content, chance)
    del content[at : at + chance.randint(1, 300)]


def _double(content: bytearray, chance: Random) -> None:
    at = _place(content, chance)
    content[at:at] = content[at : at + chance.choice((1, 4, 188, 2000))]


def _multiply(content: bytearray, chance: Random) -> None:
    """Repeat a piece, which may be a box, very often: what is made of one is made of all."""
    at = _place(content, chance)
    piece = content[at : at + chance.choice((8, 12, 33, 200))]
    content[at:at] = piece * (chance.choice((100, 10_000, 100_000)) // max(len(piece), 1))


def _overwrite(content: bytearray, chance: Random) -> None:
    at, length = _place(content, chance), chance.choice((1, 4, 16, 188, 2000))
    rubbish = chance.choice((bytes(length), b"\xff" * length, chance.randbytes(length)))
    content[at : at + length] = rubbish[: len(content) - at]


def _number(content: bytearray, chance: Random) -> None:
    """Put an odd number anywhere."""
    _write_odd(content, _place(content, chance), chance)


def _size(content: bytearray, chance: Random) -> None:
    """Put an odd number before or after what looks like the name of a box or chunk."""
    names = [match.start() for match in _NAME.finditer(bytes(content))]
    if names:
        _write_odd(content, max(chance.choice(names) + chance.choice((-4, 4, 8, 12)), 0), chance)


def _write_odd(content: bytearray, at: int, chance: Random) -> None:
    width = chance.choice((1, 2, 4, 8))
    order = chance.choice(("big", "little"))
    odd = (chance.choice(_ODD) + chance.choice((0, 0, len(content)))) % 256**width
    content[at : at + width] = odd.to_bytes(width, order)[: max(len(content) - at, 0)]


_HARMS: tuple[Callable[[bytearray, Random], None], ...] = (
    *(_flip, _cut, _remove, _double),
    *(_overwrite, _number, _size, _size),
)
