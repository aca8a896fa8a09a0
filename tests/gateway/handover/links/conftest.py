"""A minute of MP3, as the converter makes one."""

import subprocess

import pytest
from imageio_ffmpeg import get_ffmpeg_exe


@pytest.fixture(scope="session")
def minute(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    made = tmp_path_factory.mktemp("minute") / "minute.mp3"
    sound = "aevalsrc=0.3*sin(2*PI*(200+10*t)*t):s=44100:d=60"
    command = [get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", sound, "-c:a", "libmp3lame", "-q:a", "5"]
    subprocess.run([*command, str(made)], check=True)
    return made.read_bytes()
