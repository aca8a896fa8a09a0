"""Videos for the system tests, made by ffmpeg."""

import hashlib
import subprocess
from pathlib import Path

import imageio_ffmpeg
from msgspec import Struct

from events.projections.job_view import State


class Clip(Struct, frozen=True, kw_only=True):
    """A file to upload, and how its job should end."""

    path: Path
    sha256: str
    expected: State


class Clips:
    """Makes each clip once and keeps it in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def tone(self, seconds: int, hertz: int = 440) -> Clip:
        """Return a video with a tone. Long ones are made fast: a picture a second, sound unpressed."""
        return self._made(
            f"{hertz} Hz ({seconds} s).mkv",
            *("-f", "lavfi", "-i", f"color=size=64x48:rate=1:duration={seconds}"),
            *("-f", "lavfi", "-i", f"sine=frequency={hertz}:duration={seconds}"),
            *("-c:v", "mpeg4", "-c:a", "flac"),
        )

    def noise(self) -> Clip:
        """Return a video of more than one chunk of storage: noise cannot be pressed."""
        return self._made(
            "noise.mkv",
            *("-f", "lavfi", "-i", "color=size=64x48:rate=1:duration=8"),
            *("-f", "lavfi", "-i", "aevalsrc=random(0)|random(1):d=8"),
            *("-c:v", "mpeg4", "-c:a", "pcm_s16le"),
        )

    def silent(self) -> Clip:
        """Return a video without an audio track."""
        picture = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=5:duration=1")
        return self._made("no sound.mp4", *picture, "-c:v", "mpeg4", expected=State.FAILED)

    def text(self) -> Clip:
        """Return a file that calls itself a video and is none."""
        path = self._directory / "poem.mp4"
        path.write_text("Whose woods these are I think I know.\n" * 40)
        return _clip(path, State.FAILED)

    def _made(self, name: str, *arguments: str, expected: State = State.NOTIFIED) -> Clip:
        path = self._directory / name
        if not path.exists():
            program = imageio_ffmpeg.get_ffmpeg_exe()
            subprocess.run([program, "-v", "error", *arguments, str(path)], check=True)
        return _clip(path, expected)


def _clip(path: Path, expected: State) -> Clip:
    with path.open("rb") as file:
        return Clip(path=path, sha256=hashlib.file_digest(file, "sha256").hexdigest(), expected=expected)
