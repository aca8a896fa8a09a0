"""The cover of a file: kept without a media type, the front before the back, without what a camera wrote."""

import base64
import struct
import zlib
from io import FileIO
from pathlib import Path

import pytest
from hall import Hall, embedded_in
from hypothesis import given
from hypothesis import strategies as st
from media import ffmpeg
from mutagen.aiff import AIFF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from events.options import Cover, Format
from workers.converter.containers.pictures.notes import without_notes
from workers.converter.containers.pictures.stored import cover

CASES = Path(__file__).parents[1] / "cases"
HOLDS = (Format.MP3, Format.M4A, Format.FLAC)
FRONT, BACK = 3, 4


@pytest.fixture
def drawn(tmp_path: Path) -> tuple[bytes, bytes]:
    """A front and a back."""
    for colour, name in (("red", "front.png"), ("blue", "back.jpg")):
        ffmpeg("-f", "lavfi", "-i", f"color={colour}:size=32x32", "-frames:v", "1", str(tmp_path / name))
    return (tmp_path / "front.png").read_bytes(), (tmp_path / "back.jpg").read_bytes()


def covered(folder: Path, name: str, pictures: list[tuple[int, bytes]], version: int = 3) -> Path:
    """Return a file of sound with these pictures, none of which has a media type."""
    path = folder / name
    codec = {".ogg": ["-c:a", "libvorbis"]}.get(path.suffix, [])
    ffmpeg("-f", "lavfi", "-i", "sine=440:duration=1", *codec, str(path))
    blocks = []
    for type_, data in pictures:
        block = Picture()
        block.type, block.data, block.mime = type_, data, ""
        blocks.append(block)
    match path.suffix:
        case ".mp3" | ".wav" | ".aiff":
            tags = ID3()
            tags.add(TIT2(encoding=1, text="Grüße"))
            for at, (type_, data) in enumerate(pictures):
                tags.add(APIC(encoding=at % 2, mime="", type=type_, desc=f"d{at}", data=data))
            if path.suffix == ".mp3":
                tags.save(path, v2_version=version)
            else:
                chunked = (WAVE if path.suffix == ".wav" else AIFF)(path)
                chunked.add_tags()
                for frame in tags.values():
                    chunked.tags.add(frame)
                chunked.save()
        case ".flac":
            flac = FLAC(path)
            for block in blocks:
                flac.add_picture(block)
            flac.save()
        case ".ogg" | ".opus":
            ogg = OggVorbis(path) if path.suffix == ".ogg" else OggOpus(path)
            ogg["metadata_block_picture"] = [base64.b64encode(block.write()).decode() for block in blocks]
            ogg.save()
        case _:
            mp4 = MP4(path)
            mp4["covr"] = [MP4Cover(data, imageformat=0) for type_, data in pictures if type_ == FRONT]
            mp4.save()
    return path


def taken(path: Path) -> bytes:
    with FileIO(path) as file:
        return cover(file)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("a.mp3", 3),
        ("a.mp3", 4),
        ("a.wav", 0),
        ("a.aiff", 0),
        ("a.flac", 0),
        ("a.ogg", 0),
        ("a.opus", 0),
        ("a.m4a", 0),
    ],
)
def test_the_front_is_taken_without_a_media_type(
    tmp_path: Path, drawn: tuple[bytes, bytes], name: str, version: int
) -> None:
    front, back = drawn
    assert taken(covered(tmp_path, name, [(BACK, back), (FRONT, front)], version)) == front
    assert taken(covered(tmp_path, f"other-{name}", [], version)) == b""


def test_the_attachment_that_is_called_cover_is_taken(tmp_path: Path, drawn: tuple[bytes, bytes]) -> None:
    (tmp_path / "cover.png").write_bytes(drawn[0])
    attached = []
    for at, name in enumerate(["back.jpg", "cover.png"]):
        told = (f"-metadata:s:t:{at}", "mimetype=application/octet-stream")
        attached += ["-attach", str(tmp_path / name), *told, f"-metadata:s:t:{at}", f"filename={name}"]
    path = tmp_path / "a.mka"
    ffmpeg("-f", "lavfi", "-i", "sine=440:duration=1", *attached, str(path))
    assert taken(path) == drawn[0]


@pytest.mark.parametrize("format_", HOLDS)
async def test_a_cover_comes_through_without_a_media_type(hall: Hall, format_: Format) -> None:
    source = CASES / "A14_nomime.mp3"
    (stored,) = ID3(source).getall("APIC")
    await hall.convert(source, format=format_, cover=Cover.KEEP)
    assert embedded_in(hall.result) == [stored.data]


@pytest.mark.parametrize("format_", HOLDS)
async def test_a_cover_comes_without_the_place_it_was_taken_at(
    hall: Hall, drawn: tuple[bytes, bytes], format_: Format
) -> None:
    front, back = drawn
    place = b"GPS 47.3769 8.5417, serial 0815"
    exif = b"\xff\xe1" + struct.pack(">H", len(place) + 8) + b"Exif\0\0" + place
    text = b"tEXtLocation\0" + place
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    for picture, plain in ((back[:2] + exif + back[2:], back), (front[:33] + chunk + front[33:], front)):
        await hall.convert(
            covered(hall.directory, "a.mp3", [(FRONT, picture)]), format=format_, cover=Cover.KEEP
        )
        assert embedded_in(hall.result) == [without_notes(plain)]
        assert b"47.3769" not in hall.result.read_bytes()


@given(st.binary(max_size=60), st.integers(0, 400), st.sampled_from(["mp3", "wav", "flac", "opus"]))
def test_no_bytes_whatever_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int, kind: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "pictures"
    path = folder / f"a.{kind}"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        covered(
            folder, path.name, [(FRONT, b"\xff\xd8\xff" + bytes(99)), (BACK, b"\x89PNG\r\n\x1a\n" + bytes(9))]
        )
    content = path.read_bytes()[:4096]
    with FileIO(folder / f"b.{kind}", "w+") as file:
        file.write(content[:at] + noise + content[at + len(noise) :])
        cover(file)
