"""Converts with options, and keeps what comes out."""

import subprocess
from pathlib import Path
from typing import Any

import mutagen
import pytest
from media import FFMPEG, ffmpeg, pcm
from msgspec.structs import replace

from events.options import DEFAULT, Format
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.result import Result
from workers.converter.conversion.task import Equipment, Task
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.dump import read
from workers.converter.ffmpeg.engine import Engine
from workers.converter.source.input import Input

RATE = 44100
CHAPTERS = """;FFMETADATA1
title=A walk
artist=Ada
location=+47.3769+008.5417/
[CHAPTER]
TIMEBASE=1/1000
START=0
END=2000
title=One
[CHAPTER]
TIMEBASE=1/1000
START=2000
END=6000
title=Two
"""
RISING = "0.4*sin(2*PI*(200+100*floor(t))*t)"
"""Each second 100 Hz higher than the one before: so one hears where one is."""
TAGGABLE = [Format.MP3, Format.M4A, Format.OPUS, Format.OGG, Format.FLAC]
EACH_WAY = [
    *(Format.MP3, Format.M4A, Format.OPUS),
    *(pytest.param(each, marks=pytest.mark.long) for each in (Format.OGG, Format.FLAC)),
]
"""One format for each way in which marks are kept; the others in the long tests."""


class Hall:
    """Converts with options, and keeps the result as a file."""

    def __init__(self, engine: Engine, bench: Any, directory: Path) -> None:
        self._engine, self._bench, self.directory = engine, bench, directory
        self.result = directory / "result"

    def source(self, expression: str, *arguments: str, name: str = "source.mp4", seconds: float = 6) -> Path:
        path = self.directory / name
        sound = f"aevalsrc='{expression}':s={RATE}:d={seconds}"
        ffmpeg("-y", "-f", "lavfi", "-i", sound, *arguments, str(path))
        return path

    async def convert(self, source: Path, limits: Limits | None = None, **options: Any) -> Result:
        with self._bench.holding(source) as (video, target):
            equipment = Equipment(self._engine, limits or Limits())
            made = await convert(Task(equipment, Input.of(video), target, replace(DEFAULT, **options)))
            target.seek(0)
            self.result = self.directory / f"result.{'zip' if made.parts else made.format}"
            self.result.write_bytes(target.read())
        return made

    def heard(self) -> list[list[float]]:
        with self.result.open("rb", buffering=0) as file:
            return pcm(file, self.result.suffix[1:])

    def words(self) -> str:
        command = [FFMPEG, "-hide_banner", "-i", str(self.result)]
        words = subprocess.run(command, capture_output=True, text=True, check=False).stderr
        return words.replace(f"'{self.result}'", "'fd:'")


def marks_in(hall: Hall) -> list[tuple[float, float, str]]:
    """Return the chapters of the result, to a tenth of a second."""
    media = read(hall.words())
    assert media is not None
    return [(round(each.start, 1), round(each.end, 1), each.title) for each in media.chapters]


def told(words: str) -> dict[str, str]:
    media = read(words)
    assert media is not None
    return {tag.name.lower(): tag.text for tag in media.tags}


def embedded_in(path: Path) -> list[bytes]:
    """Return the pictures in a file of sound, as another library reads them."""
    whole = mutagen.File(path)
    match path.suffix:
        case ".mp3":
            return [each.data for each in whole.tags.getall("APIC")] if whole.tags else []
        case ".m4a":
            return [bytes(each) for each in whole.get("covr", [])]
        case _:
            return [each.data for each in whole.pictures]
