from io import FileIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from media import Studio, ffmpeg

from workers.converter.containers.ebml import late
from workers.converter.containers.inspection import inspect
from workers.converter.containers.structure import Structure

WHOLE = [
    "moov-first.mp4",
    "moov-last.mp4",
    "fragmented.mp4",
    "aac.mkv",
    "opus.webm",
    "pcm.mov",
    "mp3.avi",
    "wma.wmv",
    "mp3.flv",
]


def look(path: Path) -> Structure:
    with FileIO(str(path)) as video:
        return inspect(video)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_and_half_files_are_told_apart(studio: Studio, name: str) -> None:
    assert not look(studio.make(name)).cut
    assert look(studio.half(name)).cut


@pytest.mark.parametrize("ending", ["wav", "w64", "aiff", "caf", "au", "flac", "ogg", "opus"])
def test_half_a_file_of_sound_is_told_apart_by_its_own_bytes(tmp_path: Path, ending: str) -> None:
    whole, half = tmp_path / f"whole.{ending}", tmp_path / f"half.{ending}"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=4:r=48000:c=brown", str(whole))
    for share in (0.3, 0.5, 0.9):
        half.write_bytes(whole.read_bytes()[: round(whole.stat().st_size * share)])
        assert look(half).cut
    assert not look(whole).cut


def test_a_streamed_wmv_that_tells_no_size_is_no_cut(studio: Studio) -> None:
    half = bytearray(studio.half("wma.wmv").read_bytes())
    half[half.index(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")) + 88] |= 1
    assert not look(studio.write("live.wmv", half)).cut


def test_rubbish_behind_the_last_box_is_no_cut(studio: Studio) -> None:
    whole = studio.make("moov-first.mp4").read_bytes()
    assert not look(studio.write("rubbish.mp4", whole + b"\xff" * 50)).cut
    assert not look(studio.write("padding.mp4", whole + b"\0" * 50)).cut
    assert not look(studio.write("words.mp4", whole + b"ThanksForWatching" * 9)).cut


def test_a_streamed_avi_that_tells_no_size_is_no_cut(studio: Studio) -> None:
    whole = studio.make("mp3.avi").read_bytes()
    assert not look(studio.write("live.avi", whole[:4] + b"\xff" * 4 + whole[8:])).cut


def test_a_streamed_matroska_of_unknown_size_is_no_cut(studio: Studio) -> None:
    whole = studio.make("aac.mkv").read_bytes()
    at = whole.index(b"\x18\x53\x80\x67") + 4
    assert not look(studio.write("live.mkv", whole[:at] + b"\x01" + b"\xff" * 7 + whole[at + 8 : -9999])).cut


def test_a_header_of_more_than_a_file_can_hold_is_a_cut(studio: Studio) -> None:
    content = bytearray(studio.make("aac.mkv").read_bytes())
    content[4] = 1  # its size takes eight bytes then, and is beyond what a file system can seek
    video = studio.write("endless-header.mkv", content)
    assert look(video).cut
    with FileIO(str(video)) as file:
        assert late(file, len(content)) is None


def test_only_protected_sound_counts_as_encrypted(studio: Studio) -> None:
    assert look(studio.make("encrypted.mp4")).encrypted
    assert not look(studio.make("moov-first.mp4")).encrypted
    content = studio.make("encrypted.mp4").read_bytes()
    only_picture = content.replace(b"enca", b"mp4a")
    assert not look(studio.write("only-picture.mp4", only_picture)).encrypted


def test_protected_sound_is_seen_in_a_mov_too(studio: Studio) -> None:
    content = studio.make("pcm.mov").read_bytes()
    assert content.count(b"sowt") == 1
    assert look(studio.write("protected.mov", content.replace(b"sowt", b"enca"))).encrypted


def element(name: str, *inner: bytes, size: bytes = b"") -> bytes:
    """An EBML element of what is inside, or of a size that is told otherwise."""
    body = b"".join(inner)
    return bytes.fromhex(name) + (size or (len(body) | 1 << 56).to_bytes(8)) + body


VIDEO_TRACK, AUDIO_TRACK = element("83", b"\1"), element("83", b"\2")
CLUSTER = element("1f43b675", b"\0" * 99, size=b"\xff")
ENCRYPTED = element("6d80", element("6240", element("5033", b"\1"), element("5035")))
COMPRESSED = element("6d80", element("6240", element("5034")))


@pytest.mark.parametrize(
    ("audio", "picture", "encrypted"),
    [(ENCRYPTED, b"", True), (COMPRESSED, b"", False), (b"", ENCRYPTED, False)],
    ids=["sound", "only compressed", "only picture"],
)
def test_protected_sound_is_seen_in_a_webm_too(
    studio: Studio, audio: bytes, picture: bytes, encrypted: bool
) -> None:
    tracks = [element("ae", VIDEO_TRACK, picture), element("ae", AUDIO_TRACK, audio)]
    content = element("18538067", element("ec", b"\0" * 9), element("1654ae6b", *tracks), CLUSTER)
    assert look(studio.write("x.webm", element("1a45dfa3") + content)).encrypted == encrypted


def test_boxes_without_end_in_each_other_are_not_followed(studio: Studio) -> None:
    nested = b"".join((8 * depth).to_bytes(4) + b"moov" for depth in range(5000, 0, -1))
    assert look(studio.write("nested.mp4", nested)) == Structure()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_makes_it_fail_or_run_for_ever(studio: Studio, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(WHOLE))
    content = bytearray(studio.make(name).read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        near = data.draw(st.sampled_from([200, 4000, len(content)]))
        content[data.draw(st.integers(0, near - 1))] = data.draw(st.sampled_from([0, 1, 8, 127, 255]))
    look(studio.write("damaged", bytes(content)))
