"""The videos that are converted: real music, in the lengths that are asked for."""

import subprocess
from pathlib import Path

import imageio_ffmpeg

from cli.stack import sample


def source(directory: Path) -> Path:
    """Make the twenty seconds that all others are cut from: `tonearm sample` in stereo, H.264 and AAC."""
    mono, stereo = directory / "mono.mp4", directory / "source.mp4"
    sample.make(mono)
    _ffmpeg("-i", str(mono), "-c:v", "copy", "-af", "haas", "-c:a", "aac", "-b:a", "192k", str(stereo))
    mono.unlink()
    return stereo


def cut(source: Path, seconds: float) -> Path:
    """Return a video of that length beside the source, which goes round as often as needed."""
    target = source.with_name(f"{seconds:g}s.mp4")
    if not target.exists():
        _ffmpeg(
            *("-stream_loop", "-1", "-i", str(source), "-t", f"{seconds:g}"),
            *("-c", "copy", "-movflags", "+faststart", str(target)),
        )
    return target


def big(source: Path, size: int) -> Path:
    """Return a video of about `size` bytes: the same sound, and an uncompressed picture."""
    target = source.with_name("big.mkv")
    width, height, rate = 1280, 720, 25
    seconds = size / (width * height * 3 / 2 * rate)
    _ffmpeg(
        *("-stream_loop", "-1", "-i", str(source)),
        *("-f", "lavfi", "-i", f"testsrc2=size={width}x{height}:rate={rate}"),
        *("-map", "1:v", "-map", "0:a", "-t", f"{seconds:.2f}"),
        *("-c:v", "rawvideo", "-pix_fmt", "yuv420p", "-c:a", "copy", str(target)),
    )
    return target


def rich(directory: Path) -> Path:
    """Make ten seconds at 25 Mbit/s, as a camera would: H.264 and AAC."""
    target = directory / "rich.mp4"
    _ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=10"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=10:sample_rate=48000"),
        *("-vf", "noise=alls=20:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "25M"),
        *("-minrate", "25M", "-maxrate", "25M", "-bufsize", "5M", "-c:a", "aac", str(target)),
    )
    return target


def looped(source: Path, size: int, name: str, *arguments: str) -> Path:
    """Return a video of about `size` bytes beside the source, which goes round as often as needed."""
    target, times = source.with_name(name), max(0, round(size / source.stat().st_size) - 1)
    _ffmpeg("-stream_loop", str(times), "-i", str(source), "-c", "copy", *arguments, str(target))
    return target


def _ffmpeg(*arguments: str) -> None:
    """Raise subprocess.CalledProcessError when it does not work; its words are on standard error."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, "-hide_banner", "-loglevel", "error", "-y", *arguments], check=True)
