"""Makes small videos of every shape with ffmpeg, and listens to what came out of them."""

import math
import os
import random
import struct
import subprocess
import tempfile
from array import array
from contextlib import suppress
from io import FileIO
from itertools import pairwise
from pathlib import Path

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SECONDS = 3
TONE = 440

PICTURE = ["-f", "lavfi", "-i", f"testsrc2=size=176x144:rate=15:duration={SECONDS}"]


def tone(hertz: int = TONE, seconds: float = SECONDS, rate: int = 44100) -> list[str]:
    """The input arguments of a sine wave."""
    return ["-f", "lavfi", "-i", f"sine=frequency={hertz}:duration={seconds}:sample_rate={rate}"]


H264 = ["-c:v", "libx264", "-preset", "ultrafast"]
SOUND = [*PICTURE, *tone()]
CENC = [
    *("-encryption_scheme", "cenc-aes-ctr"),
    *("-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb"),
    *("-encryption_kid", "a7e61c373e219033c21091fa607bf3b8"),
]

SHAPES: dict[str, list[str]] = {
    "moov-first.mp4": [*SOUND, *H264, "-c:a", "aac", "-movflags", "+faststart"],
    "moov-last.mp4": [*SOUND, *H264, "-c:a", "aac"],
    "fragmented.mp4": [*SOUND, *H264, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"],
    "aac.mkv": [*SOUND, *H264, "-c:a", "aac"],
    "flac.mkv": [*SOUND, *H264, "-c:a", "flac"],
    "opus.webm": [*SOUND, "-c:v", "libvpx", "-deadline", "good", "-cpu-used", "5", "-c:a", "libopus"],
    "vorbis.webm": [*SOUND, "-c:v", "libvpx", "-deadline", "good", "-cpu-used", "5", "-c:a", "libvorbis"],
    "pcm.mov": [*SOUND, *H264, "-c:a", "pcm_s16le"],
    "mp3.avi": [*SOUND, "-c:v", "mpeg4", "-c:a", "libmp3lame"],
    "aac.ts": [*SOUND, *H264, "-c:a", "aac"],
    "mp2.mpg": [*SOUND, "-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"],
    "mp3.flv": [*SOUND, "-c:v", "flv", "-c:a", "libmp3lame"],
    "amr.3gp": [*PICTURE, *tone(rate=8000), "-c:v", "mpeg4", "-c:a", "libopencore_amrnb", "-ac", "1"],
    "wma.wmv": [*SOUND, "-c:v", "wmv2", "-c:a", "wmav2"],
    "surround.mp4": [*SOUND, *H264, "-c:a", "aac", "-ac", "6"],
    "high-rate.mkv": [*PICTURE, *tone(rate=96000), *H264, "-c:a", "flac"],
    "two-tracks.mkv": [
        *(*SOUND, *tone(2000), "-map", "0", "-map", "1", "-map", "2"),
        *(*H264, "-c:a", "aac"),
    ],
    "sound-ends-early.mp4": [*PICTURE, *tone(seconds=1), *H264, "-c:a", "aac", "-movflags", "+faststart"],
    "sound-ends-early.flv": [*PICTURE, *tone(seconds=1), "-c:v", "flv", "-c:a", "libmp3lame"],
    "sound-ends-early.mkv": [*PICTURE, *tone(seconds=1), *H264, "-c:a", "aac"],
    "sound-ends-early.wmv": [*PICTURE, *tone(seconds=1), "-c:v", "wmv2", "-c:a", "wmav2"],
    "tagged.mp4": [
        *(*SOUND, *H264, "-c:a", "aac", "-metadata", "title=A walk", "-metadata", "artist=Ada"),
        *("-metadata", "location=+47.3769+008.5417/"),
    ],
    "heavy.mp4": [
        *("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=15:duration=6", *tone(seconds=6)),
        *("-vf", "noise=alls=60:allf=t", *H264, "-b:v", "20M", "-c:a", "aac", "-chunk_duration", "1000000"),
    ],
    "low.m4a": [*tone(rate=22050), "-c:a", "aac"],
    "silent.mp4": [*PICTURE, *H264],
    "silent.mkv": [*PICTURE, *H264],
    "encrypted.mp4": [*SOUND, *H264, "-c:a", "aac", *CENC],
    "encrypted-pcm.mp4": [*SOUND, *H264, "-c:a", "flac", *CENC],
    "unheard-of.avi": [*SOUND, "-c:v", "mpeg4", "-c:a", "dfpwm"],
    "long.flac": [*tone(seconds=600), "-c:a", "flac"],
    "ten.mp3": [*tone(seconds=10, rate=8000), "-b:a", "8k", "-write_xing", "0", "-id3v2_version", "0"],
}


class Studio:
    """Makes each shape once and keeps it in a directory, or in one that it shares with other processes."""

    def __init__(self, directory: Path, shared: Path | None = None) -> None:
        self._directory = directory
        self._shared = shared or directory

    def make(self, name: str) -> Path:
        """Return the video of this name."""
        path = self._shared / name
        if not path.exists():
            begun = self._directory / f"begun-{name}"
            ffmpeg("-y", *SHAPES[name], str(begun))
            with suppress(FileExistsError):  # another process was first, and may have read its own already
                path.hardlink_to(begun)
        return path

    def write(self, name: str, content: bytes) -> Path:
        """Return a file of this content."""
        path = self._directory / name
        path.write_bytes(content)
        return path

    def half(self, name: str) -> Path:
        """Return the first half of a video."""
        return self.cut(name, 50)

    def cut(self, name: str, percent: int) -> Path:
        """Return the first part of a video. Not at the end of an MPEG-TS packet, where none could tell."""
        content = self.make(name).read_bytes()
        length = len(content) * percent // 100
        return self.write(f"cut-{name}", content[: length - (length % 188 == 0)])

    def damaged(self, name: str, *, noise: bool) -> Path:
        """Return a video of which 60 % are zeros or noise, up to a tenth before the end."""
        content = self.make(name).read_bytes()
        start, end = len(content) * 3 // 10, len(content) * 9 // 10
        rubbish = random.Random(1).randbytes(end - start) if noise else bytes(end - start)  # noqa: S311 - noise
        return self.write(f"damaged-{name}", content[:start] + rubbish + content[end:])

    def endless(self) -> Path:
        """Return four hours of sound, made at once: an MP3 is frames, as often as one likes."""
        return self.write("endless.mp3", self.make("ten.mp3").read_bytes() * 1440)


def ffmpeg(*arguments: str, data: bytes | None = None) -> bytes:
    """Run ffmpeg as one does at home."""
    command = [FFMPEG, "-v", "error", *(() if data is not None else ("-nostdin",)), *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def layer_one(frames: int) -> bytes:
    """Return MPEG 1 layer I at 44.1 kHz (ISO 11172-3, 2.4.1): a tone in the lowest of the 32 bands.

    Header, allocation (8 bits a sample in that band, none in the others), scale factor, twelve samples.
    """
    words = [(0xFFFF, 16), (0x40C0, 16), (7, 4), *[(0, 4)] * 31, (6, 6)]
    words += [(192 if at % 4 < 2 else 63, 8) for at in range(12)]
    bits = "".join(f"{value:0{width}b}" for value, width in words)
    length = 12 * 128_000 // 44_100 * 4
    return int(bits.ljust(length * 8, "0"), 2).to_bytes(length) * frames


RATE = 48000


def pcm(file: FileIO, suffix: str, *, seconds: tuple[float, float] | None = None) -> list[list[float]]:
    """Decode a file of sound, as it is: the samples of each channel, from -1 to 1."""
    file.seek(0)
    with tempfile.NamedTemporaryFile(suffix=f".{suffix}") as copy:
        copy.write(file.read())
        copy.flush()
        return decoded(copy.name, seconds=seconds)


def decoded(path: str | Path, *, seconds: tuple[float, float] | None = None) -> list[list[float]]:
    """Decode the first track of any file."""
    cut = ["-af", f"atrim={seconds[0]}:{seconds[1]}"] if seconds else []
    wav = ffmpeg("-i", str(path), "-map", "0:a:0", *cut, "-c:a", "pcm_f32le", "-f", "wav", "-")
    count = int.from_bytes(wav[22:24], "little")
    samples = array("f", wav[wav.index(b"data") + 8 :])
    return [samples[at::count].tolist() for at in range(count)]


def pitch(samples: list[float], rate: int) -> float:
    """Return the frequency heard in the middle, in hertz; 0 for silence."""
    middle = samples[len(samples) // 3 : len(samples) * 2 // 3]
    if level(middle) < 0.01:
        return 0.0
    ups = [at for at, (a, b) in enumerate(pairwise(middle)) if a < 0 <= b]
    return (len(ups) - 1) * rate / (ups[-1] - ups[0]) if len(ups) > 1 else 0.0


def level(samples: list[float]) -> float:
    """Return the root of the mean square."""
    return math.sqrt(sum(s * s for s in samples) / max(len(samples), 1))


def packets(path: str | Path) -> list[str]:
    """Return the hash of each packet of the first sound track, as they are stored."""
    hashes = ffmpeg("-i", str(path), "-map", "0:a:0", "-c", "copy", "-f", "framemd5", "-").decode()
    return [line.split(",")[5].strip() for line in hashes.splitlines() if not line.startswith("#")]


def listen(mp3: FileIO) -> tuple[float, float]:
    """Decode an MP3: how many seconds it plays, and the frequency heard in its middle, in hertz."""
    mp3.seek(0)
    with tempfile.NamedTemporaryFile(suffix=".mp3") as copy:
        copy.write(mp3.read())
        copy.flush()
        pcm = ffmpeg("-i", copy.name, "-f", "s16le", "-ac", "1", "-ar", str(RATE), "-")
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    middle = samples[len(samples) // 3 : len(samples) * 2 // 3]
    crossings = sum((a < 0) != (b < 0) for a, b in pairwise(middle))
    loudness = math.sqrt(sum(s * s for s in middle) / max(len(middle), 1))
    hertz = crossings / 2 / (len(middle) / RATE) if loudness > 500 else 0.0
    return len(samples) / RATE, hertz


def tags(mp3: FileIO) -> str:
    """Return an MP3's tags as `key=value` lines."""
    mp3.seek(0)
    with tempfile.NamedTemporaryFile(suffix=".mp3") as copy:
        copy.write(mp3.read())
        copy.flush()
        return ffmpeg("-i", copy.name, "-f", "ffmetadata", "-").decode()


def children_of(parent: int | None = None) -> set[int]:
    """The running children of a process, this one by default (Linux)."""
    tasks = Path(f"/proc/{parent or os.getpid()}/task").glob("*/children")
    return {int(child) for children in tasks for child in told_by(children).split()}


def told_by(file: Path) -> bytes:
    """Return what a file of a process or a thread says; nothing where that has ended meanwhile."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def processes_of(parent: int | None = None) -> set[int]:
    """The running descendants of a process, this one by default (Linux)."""
    children = children_of(parent)
    return children.union(*map(processes_of, children))


def caged() -> set[int]:
    """The running programs in cages of this process (Linux).

    Not simply all its descendants: the session's broker starts programs of its own now and then.
    """
    servers = {pid for pid in children_of() if b"cage.fork_server" in told_by(Path(f"/proc/{pid}/cmdline"))}
    return set().union(*map(processes_of, servers))


def open_files(directory: Path) -> list[str]:
    """What this process holds open in a directory, named or not (Linux)."""
    links = []
    for fd in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(fd.readlink()))
        except FileNotFoundError:
            continue
    return [link for link in links if link.startswith(str(directory))]
