"""A clip of an MP3 is a part of its bytes, and decodes to exactly its part of the sound."""

import subprocess
import tracemalloc
from array import array

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from gateway.handover.links.mp3_clip import Clip, Cutter, _Span, _table
from gateway.handover.links.mp3_frames import NoFrames, kind_of

SOUND = "aevalsrc=0.3*sin(2*PI*(200+40*t)*t)+0.1*random(0)|0.3*sin(900*t)*gt(sin(t*3)\\,0):s=44100:d=20"
KINDS = {
    "variable": ("-q:a", "2", "-metadata", "title=Sound"),
    "with a checksum": ("-b:a", "128k", "-write_id3v1", "1", "-abr", "1"),
    "far borrowed bytes": ("-b:a", "32k", "-ac", "1"),
    "loudest": ("-b:a", "320k", "-ar", "48000"),
    "MPEG 2": ("-b:a", "8k", "-ac", "1", "-ar", "24000"),
    "MPEG 2.5": ("-b:a", "16k", "-ar", "8000"),
}


def ffmpeg(*arguments: str, given: bytes = b"") -> tuple[bytes, str]:
    command = [get_ffmpeg_exe(), "-v", "warning", "-y", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, check=True)
    return done.stdout, done.stderr.decode()


def sound(mp3: bytes) -> "array[int]":
    decoded, complaints = ffmpeg("-i", "-", "-ac", "1", "-f", "s16le", "-", given=mp3)
    assert not complaints
    return array("h", decoded)


def cut(mp3: bytes, start: float, end: float, piece: int = 4096) -> Clip:
    cutter = Cutter(start, end)
    any(cutter.feed(mp3[at : at + piece]) for at in range(0, len(mp3), piece))
    return cutter.clip()


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def mp3(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    made = tmp_path_factory.mktemp("mp3") / "made.mp3"
    ffmpeg("-f", "lavfi", "-i", SOUND, "-c:a", "libmp3lame", *request.param, str(made))
    return made.read_bytes()


def test_a_clip_is_its_part_of_the_sound_to_the_sample(mp3: bytes) -> None:
    whole = sound(mp3)
    for start, end in [(0, 20), (0, 2.5), (0.03, 1), (3.3333, 7.77), (12, 12.2), (19, 20)]:
        clip = cut(mp3, start, end)
        part = sound(clip.head + mp3[clip.first : clip.last + 1])
        wanted = whole[round(start * len(whole) / 20) : round(end * len(whole) / 20)]
        assert len(part) == len(wanted), (start, end)
        assert all(abs(a - b) <= 1 for a, b in zip(part, wanted, strict=False)), (start, end)


def test_the_rest_of_the_audio_is_not_in_it(mp3: bytes) -> None:
    clip = cut(mp3, 5, 6)
    size = len(clip.head) + clip.last - clip.first + 1
    assert clip.size == size < len(mp3) * 1.6 / 20 + 2000


def test_pieces_of_any_size_make_the_same_clip(mp3: bytes) -> None:
    assert cut(mp3, 1, 2, 7) == cut(mp3, 1, 2, 1 << 20)


@pytest.mark.parametrize(
    "bytes_", [b"", b"ID3", b"\xff" * 5000, b"RIFF" + bytes(5000), b"ID3\x04\0\0\x7f\x7f\x7f\x7f"]
)
def test_what_is_no_mp3_has_no_clip(bytes_: bytes) -> None:
    with pytest.raises(NoFrames):
        cut(bytes_, 0, 1)


def test_a_clip_behind_the_end_is_none(mp3: bytes) -> None:
    with pytest.raises(NoFrames):
        cut(mp3, 30, 31)


def test_an_audio_that_lost_its_end_has_what_there_is_of_the_clip(mp3: bytes) -> None:
    half = mp3[: len(mp3) // 2]
    clip = cut(half, 9, 20)
    assert clip.last < len(half)
    assert sound(clip.head + half[clip.first : clip.last + 1])


def test_the_table_of_a_long_clip_takes_no_room_of_its_own_and_names_what_it_can() -> None:
    frames = 300_000
    lengths = array("I", [14_410]) * frames  # 4.3 GB
    tracemalloc.start()
    table = _table(kind_of(b"\xff\xfb\xe0\0"), b"Lavf", _Span(0, frames, 0, frames * 1152), lengths)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < frames
    at = table.index(b"Info")
    assert int.from_bytes(table[at + 12 : at + 16]) == 2**32 - 1
    assert [table[at + 16 + percent] for percent in (0, 25, 50, 99)] == [0, 64, 128, 253]
