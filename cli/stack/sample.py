"""`tonearm sample`: make a small real video for a first try.

Twenty seconds of the Prelude in C major (J. S. Bach, BWV 846) on plucked strings, and the music's own
spectrum as the picture. A string is Karplus and Strong's (Computer Music Journal 7:2, 1983): a wave
going round a loop as long as one period, losing its treble on the way. The wave is a string bent at a
fifth of its length and let go.
"""

import array
import subprocess
import sys
from operator import add
from pathlib import Path

import click
import imageio_ffmpeg

from cli.exits import Exit
from cli.pretty import visible
from cli.tree.command import command
from cli.tree.ending import complain

RATE = 44_100
STEP = 0.15
"""Seconds of a sixteenth note."""
RING = 1.0
"""Seconds a string is heard after it is plucked; the last chord rings longer."""
END = 3.2
"""Seconds of the last chord."""

BARS = (
    "C4 E4 G4 C5 E5",
    "C4 D4 A4 D5 F5",
    "B3 D4 G4 D5 F5",
    "C4 E4 G4 C5 E5",
    "C4 E4 A4 E5 A5",
    "C4 D4 F#4 A4 D5",
    "B3 D4 G4 D5 G5",
)
LAST = "C3 C4 E4 G4 C5"
PATTERN = (0, 1, 2, 3, 4, 2, 3, 4) * 2
"""The index into a bar's five notes for each of its sixteenths."""

PICTURE = "showcqt=s=640x360:r=25:axis=0,format=yuv444p,pseudocolor=preset=inferno,format=yuv420p"

_SEMITONES = {"C": -9, "D": -7, "E": -5, "F": -4, "F#": -3, "G": -2, "A": 0, "B": 2}


def frequency(note: str) -> float:
    """Return the pitch in Hz, equal temperament, A4 = 440."""
    return float(440 * 2 ** (_SEMITONES[note[:-1]] / 12 + int(note[-1]) - 4))


def pluck(note: str, seconds: float) -> "array.array[float]":
    """Return a string's sound from the moment it is plucked, faded out at the end."""
    length = round(RATE / frequency(note) - 0.5)  # the averaging below delays by half a sample
    bend = length / 5
    loop = [min(at / bend, (length - at) / (length - bend)) - 0.5 for at in range(length)]
    sound, at, last = array.array("d"), 0, 0.0
    count = round(RATE * seconds)
    for _ in range(count):
        value = loop[at]
        sound.append(value)
        loop[at] = 0.4985 * (value + last)
        last = value
        at = (at + 1) % len(loop)
    fade = RATE // 10
    for index in range(fade):
        sound[count - fade + index] *= 1 - index / fade
    return sound


def score() -> list[tuple[float, str, float]]:
    """Return the piece: when each note begins, which one, how long it rings; seconds."""
    notes = [
        ((bar * len(PATTERN) + place) * STEP, names.split()[which], RING)
        for bar, names in enumerate(BARS)
        for place, which in enumerate(PATTERN)
    ]
    start = len(BARS) * len(PATTERN) * STEP
    strum = 0.04
    return notes + [(start + i * strum, note, END - i * strum) for i, note in enumerate(LAST.split())]


def music() -> bytes:
    """Return the piece as signed 16-bit little-endian PCM, mono, RATE samples a second."""
    notes = score()
    mix = array.array("d", bytes(8 * round(RATE * (len(BARS) * len(PATTERN) * STEP + END) + RATE)))
    sounds = {(note, ring): pluck(note, ring) for _, note, ring in notes}
    for start, note, ring in notes:
        sound = sounds[note, ring]
        heard = slice(round(start * RATE), round(start * RATE) + len(sound))
        mix[heard] = array.array("d", map(add, mix[heard], sound))
    scale = 30_000 / max(map(abs, mix))
    pcm = array.array("h", (int(value * scale) for value in mix[:-RATE]))
    if sys.byteorder == "big":
        pcm.byteswap()
    return pcm.tobytes()


def make(path: Path) -> None:
    """Write the video, H.264 and AAC in MP4. Raises subprocess.CalledProcessError with ffmpeg's words."""
    part = path.with_name(f".{path.name}.part")
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y"),
        *("-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0"),
        *("-filter_complex", f"[0:a]asplit[sound][seen];[seen]{PICTURE}[v]"),
        *("-map", "[v]", "-map", "[sound]", "-c:v", "libx264", "-preset", "veryfast", "-crf", "28"),
        *("-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", "-f", "mp4", str(part)),
    ]
    try:
        subprocess.run(command, input=music(), check=True, capture_output=True)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@command(
    examples=["tonearm sample", "tonearm sample bach.mp4 --force"],
    exits={Exit.FAILED: "ffmpeg failed", Exit.CANTCREAT: "the file cannot be written"},
)
@click.argument(
    "path",
    metavar="[FILE]",
    type=click.Path(path_type=Path),
    default="sample.mp4",
    help="the video's name; else sample.mp4",
)
@click.option("--force", is_flag=True, help="replace the file if it is there")
def sample(path: Path, force: bool) -> Exit | None:
    """Make a small real video for a first try: twenty seconds of Bach. A file that is there stays."""
    if path.exists() and not force:
        print(visible(f"{path} is there already and stays as it is (--force replaces it)"))
        return None
    if not path.parent.is_dir():
        complain(f"there is no folder {path.parent}")
        return Exit.CANTCREAT
    try:
        make(path)
    except OSError as error:
        complain(f"cannot write {path}: {error.strerror}")
        return Exit.CANTCREAT
    except subprocess.CalledProcessError as error:
        complain(f"ffmpeg failed: {error.stderr.decode(errors='replace')}")
        return Exit.FAILED
    print(visible(f"made {path} ({path.stat().st_size / 1e6:.1f} MB, 20 s of music)"))
    return None
