"""Finds the ffmpeg to use: the one that comes with imageio-ffmpeg, unless a setting names another."""

import asyncio
import re
from pathlib import Path

import imageio_ffmpeg
from msgspec import Struct

from workers.converter.errors import EngineUnfit

OLDEST = (8, 1, 2)
"""Older versions run a decoder that a video can take over (CVE-2026-8461), whitelists or not."""


LIBRARIES = ("libmp3lame", "libopus", "libvorbis")
"""The encoders of MP3, Opus and Ogg Vorbis. Those of AAC, FLAC and WAV are ffmpeg's own."""


class Engine(Struct, frozen=True):
    """An ffmpeg that may be given strangers' files."""

    path: str
    version: str

    @property
    def name(self) -> str:
        """Its name in `job.converted`, for all formats alike: the arguments there name the encoder."""
        return f"ffmpeg {self.version}"

    def is_build(self, name: str) -> bool:
        """Return True if a `job.converted` means this build. Older ones add `libmp3lame` to any."""
        return name.removesuffix(" libmp3lame") == self.name


def parse_version(banner: str) -> tuple[str, tuple[int, ...]]:
    """Read the version in the first line of `ffmpeg -version`, as text and as numbers.

    Raises EngineUnfit for builds that are named after a commit: their age is not known.
    """
    match = re.match(r"ffmpeg version (n?(\d+(?:\.\d+)+)\S*)", banner)
    if not match:
        raise EngineUnfit(f"cannot read ffmpeg's version from: {banner.splitlines()[:1]}")
    return match[1], tuple(int(part) for part in match[2].split("."))


async def find_engine(path: str = "") -> Engine:
    """Return the engine, with its version checked. Raises EngineUnfit."""
    try:
        path = path or imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise EngineUnfit(f"no ffmpeg: {error}") from error
    path = str(Path(path).resolve())
    banner = await _ask(path, "-version")
    version, numbers = parse_version(banner)
    if numbers < OLDEST:
        raise EngineUnfit(f"ffmpeg {version} is too old, {'.'.join(map(str, OLDEST))} is needed")
    for library in LIBRARIES:
        if library not in banner:
            raise EngineUnfit(f"ffmpeg {version} was built without {library}")
    return Engine(path, version)


async def _ask(path: str, question: str) -> str:
    pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            path, question, stdin=null, stdout=pipe, stderr=null, env={}
        )
        answer, _ = await process.communicate()
    except OSError as error:
        raise EngineUnfit(f"cannot run ffmpeg: {error.strerror}") from error
    return answer.decode(errors="replace")
