"""Covers: the source's own, byte by byte, or a frame of its video."""

from pathlib import Path

import pytest
from hall import RATE, RISING, Hall, embedded_in, told
from media import ffmpeg, pitch
from structlog.testing import capture_logs

from events.options import Cover, Format, Tags
from workers.converter.ffmpeg import process
from workers.converter.ffmpeg.dump import read


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.mp3", "jpg"),
        pytest.param("a.mp3", "png", marks=pytest.mark.long),
        pytest.param("a.m4a", "jpg", marks=pytest.mark.long),
        ("a.m4a", "png"),
        ("a.flac", "jpg"),
        pytest.param("a.flac", "png", marks=pytest.mark.long),
    ],
)
async def test_the_cover_comes_along_byte_by_byte_when_asked(hall: Hall, name: str, kind: str) -> None:
    cover = hall.directory / f"cover.{kind}"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=96x64:duration=1", "-frames:v", "1", str(cover))
    plain = hall.source("0.3*sin(440*2*PI*t)", name=f"plain-{name}", seconds=1)
    source = hall.directory / name
    attached = [
        "-map",
        "0",
        "-map",
        "1",
        "-c",
        "copy",
        "-disposition:v",
        "attached_pic",
        "-map_metadata",
        "-1",
    ]
    ffmpeg("-i", str(plain), "-i", str(cover), *attached, str(source))
    for format_ in (Format.MP3, Format.M4A, Format.FLAC):
        for tags in (Tags(), Tags(title="A walk")):
            await hall.convert(source, format=format_)
            assert cover.read_bytes() not in hall.result.read_bytes()
            made = await hall.convert(source, format=format_, cover=Cover.KEEP, tags=tags)
            media = read(hall.words())
            assert media is not None
            assert [(each.cover, each.codec) for each in media.pictures] == [
                (True, {"jpg": "mjpeg"}.get(kind, kind))
            ]
            assert (
                ffmpeg("-i", str(hall.result), "-map", "0:v", "-c", "copy", "-f", "image2pipe", "-")
                == cover.read_bytes()
            )
            assert told(hall.words()) == ({"title": "A walk"} if tags.title else {})
            assert made.duration_seconds == pytest.approx(1, abs=0.06)
            assert pitch(hall.heard()[0], RATE) == pytest.approx(440, rel=0.01)


async def test_a_file_without_a_cover_is_converted_without_one(hall: Hall) -> None:
    await hall.convert(hall.source(RISING), cover=Cover.KEEP)
    media = read(hall.words())
    assert media is not None
    assert media.pictures == ()


def film(hall: Hall, name: str, *codec: str, size: str = "176x144") -> Path:
    """Two seconds of red, two of green, two of blue."""
    parts = [f"color={each}:size={size}:rate=5:duration=2[{each}]" for each in ("red", "lime", "blue")]
    picture = f"{';'.join(parts)};[red][lime][blue]concat=n=3"
    sound = ["-f", "lavfi", "-i", "sine=440:duration=6"]
    path = hall.directory / name
    ffmpeg("-f", "lavfi", "-i", picture, *sound, "-g", "5", "-pix_fmt", "yuv420p", *codec, str(path))
    return path


def colour(picture: bytes) -> tuple[str, str]:
    """Return a picture's size and the colour of its middle: r, g, b or none of them."""
    shape = ["-vf", "scale=1:1,format=rgb24", "-f", "rawvideo", "-"]
    (pixel,) = [tuple(ffmpeg("-f", "image2pipe", "-i", "-", *shape, data=picture))]
    words = ffmpeg("-f", "image2pipe", "-i", "-", "-f", "framecrc", "-", data=picture).decode()
    size = next(line.split()[-1] for line in words.splitlines() if line.startswith("#dimensions"))
    return size, next(("rgb"[at] for at in range(3) if pixel[at] > 150 > sum(pixel) - pixel[at]), "?")


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", ["-c:v", "libx264", "-preset", "ultrafast"]),
        ("a.mov", ["-c:v", "prores", "-pix_fmt", "yuv422p10le"]),
        ("a.mkv", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"]),
        ("a.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]),
        ("a.avi", ["-c:v", "mpeg4"]),
        ("a.ts", ["-c:v", "mpeg2video", "-r", "25"]),
    ],
)
async def test_a_frame_is_the_cover_when_asked_from_where_it_was_asked(
    hall: Hall, name: str, codec: list[str]
) -> None:
    source = film(hall, name, *codec)
    await hall.convert(source, cover=Cover.FRAME)
    (early,) = embedded_in(hall.result)
    assert colour(early) == ("176x144", "r")
    await hall.convert(source, cover=Cover.FRAME, cover_at=5.2, format=Format.FLAC)
    (late,) = embedded_in(hall.result)
    assert colour(late) == ("176x144", "b")
    first = hall.result.read_bytes()
    await hall.convert(source, cover=Cover.FRAME, cover_at=5.2, format=Format.FLAC)
    assert hall.result.read_bytes() == first


async def test_a_frame_of_a_part_is_of_that_part_and_of_a_bearable_size(hall: Hall) -> None:
    source = film(hall, "a.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-aspect", "4:1", size="1280x640")
    await hall.convert(source, cover=Cover.FRAME, format=Format.M4A, start=3)
    (picture,) = embedded_in(hall.result)
    assert colour(picture) == ("1000x250", "g")


async def test_a_frame_that_cannot_be_had_is_left_out_and_our_log_knows_why(hall: Hall) -> None:
    plain = hall.source(RISING, name="plain.m4a")
    broken = film(hall, "a.mp4", "-c:v", "libx264", "-preset", "ultrafast")
    broken.write_bytes(broken.read_bytes().replace(b"avc1", b"zzzz"))
    beyond = film(hall, "b.mkv", "-c:v", "libvpx", "-deadline", "realtime")
    for source, at, why in (
        (plain, None, "no track of pictures"),
        (broken, None, "no track of pictures"),
        (beyond, 999_999.0, ""),
    ):
        with capture_logs() as told:
            made = await hall.convert(source, cover=Cover.FRAME, cover_at=at)
        assert made.duration_seconds == pytest.approx(6, abs=0.06)
        if not embedded_in(hall.result):
            assert [each["event"] for each in told] == ["cover_left_out"]
            assert why in told[0]["reason"]


async def test_no_decoder_of_pictures_is_opened_unless_a_frame_is_asked_for(
    hall: Hall, spent: list[process.Outcome]
) -> None:
    source = film(hall, "a.mp4", "-c:v", "libx264", "-preset", "ultrafast")
    for cover, opened in ((Cover.NONE, 0), (Cover.KEEP, 0), (Cover.FRAME, 1)):
        spent.clear()
        await hall.convert(source, cover=cover)
        refused = ["Codec (h264) not on whitelist" in each.findings.tail for each in spent]
        assert refused.count(False) == opened
        assert "Codec (aac) not on whitelist" in spent[-1].findings.tail or not opened
