"""The sounds that the engine is measured on: music, voices, noise and silence, in many containers."""

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg

from bench import media

_VOICE = (
    "aevalsrc='0.4*sin(2*PI*(140+30*sin(2*PI*3*t))*t)*(0.6+0.4*sin(2*PI*4*t))"
    "*gt(sin(2*PI*0.4*t)\\,-0.3)':s=44100"
)
_NOISE = "anoisesrc=color=pink:amplitude=0.3:sample_rate=48000:seed=7"
_SILENCE = "anullsrc=r=44100:cl=stereo"
_CHORD = "aevalsrc='0.3*sin(2*PI*220*t)+0.2*sin(2*PI*277*t)|0.3*sin(2*PI*330*t)+0.1*sin(2*PI*554*t)':s=48000"
_PICTURE = "testsrc2=size=320x180:rate=15"

KINDS = (
    ("music", 1, "mp4", "aac"), ("music", 30, "mkv", "aac"), ("music", 120, "mov", "alac"),
    ("music", 300, "mp4", "aac"), ("music", 7200, "m4a", "aac"), ("voice", 1, "webm", "libopus"),
    ("voice", 5, "mp4", "aac"), ("voice", 60, "flv", "aac"), ("voice", 600, "ts", "aac"),
    ("voice", 1800, "mp4", "aac"), ("noise", 5, "avi", "libmp3lame"), ("noise", 30, "wav", "pcm_s16le"),
    ("noise", 120, "flac", "flac"), ("noise", 300, "webm", "libvorbis"), ("silence", 5, "mkv", "ac3"),
    ("silence", 60, "mp4", "aac"), ("silence", 600, "ogg", "libvorbis"), ("chord", 10, "mp4", "ac3"),
    ("chord", 90, "mpg", "mp2"), ("chord", 240, "wmv", "wmav2"),
)  # fmt: skip
"""The soundtracks: sound, seconds, container and codec of each."""
_VIDEO = {"mp4": "mpeg4", "mkv": "mpeg4", "mov": "mpeg4", "webm": "libvpx", "flv": "flv", "ts": "mpeg2video",
          "avi": "mpeg4", "mpg": "mpeg1video", "wmv": "wmv2"}  # fmt: skip
_LONGEST_PICTURE = 120
"""Seconds: a longer file has none, since making it would take longer than everything that is measured."""


def make(directory: Path, scale: float) -> list[Path]:
    """Make the twenty files, their lengths scaled, and return them."""
    source = _source(directory)
    return [_make(directory, source, *kind, scale=scale) for kind in KINDS]


def music(directory: Path, seconds: float) -> Path:
    """Return a video with that much music."""
    return media.cut(_source(directory), seconds)


def seconds_of(path: Path) -> float:
    """Return a file's length in seconds, by ffmpeg."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    told = subprocess.run(
        [program, "-hide_banner", "-i", str(path)], capture_output=True, text=True, check=False
    )
    match = re.search(r"Duration: (\d+):(\d+):([\d.]+)", told.stderr)
    if match is None:
        raise ValueError(f"{path.name} has no length")
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])


def _source(directory: Path) -> Path:
    there = directory / "source.mp4"
    return there if there.exists() else media.source(directory)


def _make(
    directory: Path, source: Path, what: str, seconds: float, ending: str, codec: str, *, scale: float
) -> Path:
    length = max(seconds * scale, 1)
    target = directory / f"{what}-{seconds}.{ending}"
    sounds = {"voice": _VOICE, "noise": _NOISE, "silence": _SILENCE, "chord": _CHORD}
    sound = (
        ["-stream_loop", "-1", "-i", str(source)] if what == "music" else ["-f", "lavfi", "-i", sounds[what]]
    )
    picture = _VIDEO.get(ending) if length <= _LONGEST_PICTURE else None
    shown = ["-f", "lavfi", "-i", _PICTURE, "-map", "1:v", "-c:v", picture, "-r", "25"] if picture else []
    subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y", *sound, *shown),
            *("-map", "0:a", "-t", f"{length:g}", "-c:a", codec, "-strict", "-2", str(target)),
        ],
        check=True,
    )
    return target
