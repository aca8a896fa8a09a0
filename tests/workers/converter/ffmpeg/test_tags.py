"""Tags and chapters: kept, set, left out, and read by others as we meant them."""

from io import FileIO
from pathlib import Path
from typing import Any

import mutagen
import pytest
from hall import CHAPTERS, EACH_WAY, RISING, TAGGABLE, Hall, marks_in, told
from hypothesis import given
from hypothesis import strategies as st
from media import ffmpeg
from mutagen.id3 import ID3, CTOCFlags

from events.media import Chapter, Media
from events.options import Chapters, Cover, Format, Options, Tags
from workers.converter.containers import id3_tag
from workers.converter.ffmpeg.dump import read
from workers.converter.ffmpeg.marks import clock, marks_of

CASES = Path(__file__).parents[1] / "cases"
EVERY = [*TAGGABLE, Format.WAV]


@pytest.fixture
def tagged(hall: Hall) -> Path:
    (hall.directory / "chapters").write_text(CHAPTERS)
    return hall.source(RISING, "-i", str(hall.directory / "chapters"), "-map_metadata", "1", "-c:a", "aac")


@pytest.mark.parametrize("format_", EVERY)
async def test_tags_are_kept_set_and_left_out_and_the_place_never_travels(
    hall: Hall, tagged: Path, format_: Format
) -> None:
    await hall.convert(tagged, format=format_, tags=Tags(artist="", album="Walks", comment="one\ntwo = 2"))
    tags = told(hall.words())
    assert (tags["title"], tags["album"], tags["comment"]) == ("A walk", "Walks", "one\ntwo = 2")
    assert "artist" not in tags
    assert b"47.37" not in hall.result.read_bytes()
    await hall.convert(tagged, format=format_, keep_tags=False, tags=Tags(album="Walks"))
    assert told(hall.words()) == {"album": "Walks"}


@pytest.mark.parametrize("format_", TAGGABLE)
async def test_another_library_reads_the_tags_chapters_and_cover_too(
    hall: Hall, tagged: Path, format_: Format
) -> None:
    picture, source = hall.directory / "cover.png", hall.directory / "covered.m4a"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=96x64:duration=1", "-frames:v", "1", str(picture))
    attach = ["-map", "0:a", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic"]
    ffmpeg("-i", str(tagged), "-i", str(picture), *attach, str(source))
    holds = format_ in (Format.MP3, Format.M4A, Format.FLAC)
    wanted = Tags(artist="Björk, 愛", date="2024-05-17", comment="Grüße\naus =Zürich;")
    await hall.convert(source, format=format_, tags=wanted, cover=Cover.KEEP if holds else Cover.NONE)
    easy = mutagen.File(hall.result, easy=True)
    assert (easy["title"], easy["artist"], easy["date"]) == (["A walk"], ["Björk, 愛"], ["2024-05-17"])
    assert easy.info.length == pytest.approx(6, abs=0.06)
    whole = mutagen.File(hall.result)
    if format_ is Format.MP3:
        assert [str(each.sub_frames["TIT2"]) for each in whole.tags.getall("CHAP")] == ["One", "Two"]
        assert [each.data for each in whole.tags.getall("APIC")] == [picture.read_bytes()]
        assert [str(each) for each in whole.tags.getall("COMM")] == [wanted.comment]
        assert whole.tags.getall("TXXX") == []
    elif format_ is Format.M4A:
        assert [bytes(each) for each in whole["covr"]] == [picture.read_bytes()]
        assert [(each.start, each.title) for each in whole.chapters] == [(0, "One"), (2, "Two")]
        assert whole["\xa9cmt"] == [wanted.comment]
    else:
        assert (whole["chapter001"], whole["chapter001name"]) == (["00:00:02.000"], ["Two"])
        assert whole["description"] == [wanted.comment]  # as Xiph calls it
    if format_ is Format.FLAC:
        assert [each.data for each in whole.pictures] == [picture.read_bytes()]


async def test_tags_of_an_ogg_file_are_kept(hall: Hall) -> None:
    source = hall.source(RISING, "-c:a", "libvorbis", "-metadata", "title=A walk", name="a.ogg")
    for format_ in TAGGABLE:
        await hall.convert(source, format=format_)
        assert told(hall.words()) == {"title": "A walk"}


@pytest.mark.parametrize("format_", EVERY)
@pytest.mark.parametrize("name", ["A15.mkv", "A15_gopro.mp4"])
async def test_place_and_device_stand_neither_in_the_log_nor_in_the_sound(
    hall: Hall, name: str, format_: Format
) -> None:
    made = await hall.convert(CASES / name, format=format_)
    assert made.media.tags == ()
    result = hall.result.read_bytes()
    assert not any(
        each in result for each in (b"Dorf", b"47.1", b"PhoneX", b"Acme", b"CamZ", b"HD9", b"GoPro", b"Home")
    )


SECRET = "47.3769 Acme 0815"
CARRIERS: dict[str, tuple[str, ...]] = {
    "a.mka": ("-c:a", "libvorbis"),
    "a.webm": ("-c:a", "libopus"),
    "a.mp3": (),
    "a.m4a": (),
    "a.mov": ("-movflags", "use_metadata_tags"),
    "a.flac": (),
    "a.ogg": ("-c:a", "libvorbis"),
    "a.opus": (),
    "a.wav": ("-write_bext", "1"),
    "a.aiff": ("-write_id3v2", "1"),
    "a.wma": (),
    "a.avi": ("-c:a", "libmp3lame"),
    "a.flv": ("-ar", "44100"),
}


@pytest.mark.parametrize("name", ["a.mp4", *(pytest.param(n, marks=pytest.mark.long) for n in CARRIERS)])
async def test_no_container_carries_what_a_camera_tells(hall: Hall, name: str) -> None:
    keys = "make model location LOCATION-eng serial_number camera lens firmware device gpslatitude encoded_by"
    keys += " originator originator_reference creation_location xyz comapplequicktimelocation isft"
    given = [(f"-metadata{kind}", f"{key}={SECRET}") for key in keys.split() for kind in ("", ":s:a:0")]
    secrets = [part for pair in given for part in pair]
    source = hall.source(
        RISING, *CARRIERS.get(name, ()), *secrets, "-metadata", "title=A walk", name=name, seconds=1
    )
    for format_ in EVERY:
        made = await hall.convert(source, format=format_)
        assert SECRET not in str(made.media)
        assert SECRET.encode() not in hall.result.read_bytes()
        assert told(hall.words()).get("title") == "A walk"


@pytest.mark.parametrize("format_", EACH_WAY)
async def test_chapters_are_kept_move_with_a_cut_and_can_be_left_out(
    hall: Hall, tagged: Path, format_: Format
) -> None:
    await hall.convert(tagged, format=format_)
    assert marks_in(hall) == [(0, 2, "One"), (2, 6, "Two")]
    made = await hall.convert(tagged, format=format_, start=1.5, end=5)
    assert marks_in(hall) == [(0, 0.5, "One"), (0.5, 3.5, "Two")]
    assert made.duration_seconds == pytest.approx(3.5, abs=0.001)
    await hall.convert(tagged, format=format_, start=1.5, end=5, fade_in=0.5, fade_out=0.5)
    assert marks_in(hall) == [(0, 0.5, "One"), (0.5, 3.5, "Two")]
    await hall.convert(tagged, format=format_, chapters=Chapters.DROP)
    assert marks_in(hall) == []
    await hall.convert(tagged, format=format_, start=1, speed=2)
    assert marks_in(hall) == [(0, 0.5, "One"), (0.5, 2.5, "Two")]


@pytest.mark.parametrize("format_", EACH_WAY)
@pytest.mark.parametrize(
    ("cut", "marks"),
    [
        ({"end": 6}, [(0, 2, "C1"), (2, 4, "C2"), (4, 6, "C3")]),
        ({"start": 4, "end": 7}, [(0, 2, "C3"), (2, 3, "C4")]),
    ],
)
async def test_marks_are_those_inside_the_cut(
    hall: Hall, format_: Format, cut: dict[str, Any], marks: list[tuple[float, float, str]]
) -> None:
    await hall.convert(CASES / "A25.m4a", format=format_, **cut)
    assert marks_in(hall) == marks
    made = await hall.convert(hall.result.rename(hall.directory / "again"), chapters=Chapters.SPLIT)
    assert made.parts == len(marks)


@pytest.mark.parametrize("format_", EACH_WAY)
async def test_marks_move_with_the_silence_that_is_cut_off(hall: Hall, format_: Format) -> None:
    (hall.directory / "chapters").write_text(CHAPTERS)
    beeps = "0.5*sin(2000*PI*t)*(between(t,1.5,1.8)+between(t,4,4.3))"
    source = hall.source(beeps, "-i", str(hall.directory / "chapters"), "-map_metadata", "1")
    await hall.convert(source, format=format_, trim_silence=True)
    assert marks_in(hall) == [(0, 0.5, "One"), (0.5, 2.8, "Two")]
    await hall.convert(source, format=format_, trim_silence=True, start=1, speed=0.5)
    assert marks_in(hall) == [(0, 1, "One"), (1, 5.6, "Two")]


@pytest.mark.parametrize("format_", EACH_WAY)
async def test_of_many_chapters_none_is_lost(hall: Hall, format_: Format) -> None:
    told = [";FFMETADATA1"]
    for at in range(300):
        told += ["[CHAPTER]", "TIMEBASE=1/100", f"START={at * 2}", f"END={at * 2 + 2}", f"title=C{at}"]
    (hall.directory / "many").write_text("\n".join(told))
    source = hall.source(RISING, "-i", str(hall.directory / "many"), "-map_metadata", "1", name="many.mkv")
    await hall.convert(source, format=format_)
    media = read(hall.words())
    assert media is not None
    assert [each.title for each in media.chapters] == [f"C{at}" for at in range(300)]
    assert [each.start for each in media.chapters] == pytest.approx([at / 50 for at in range(300)], abs=0.001)
    await hall.convert(source, format=format_, start=5, end=5.1)
    assert [title for _, _, title in marks_in(hall)] == [f"C{at}" for at in range(250, 255)]


async def test_an_mp3_lists_more_chapters_than_one_table_holds(hall: Hall) -> None:
    chapters = [Chapter(start=at, end=at + 1, title=f"C{at}") for at in range(600)]
    (hall.directory / "a.mp3").write_bytes(b"")
    with FileIO(hall.directory / "a.mp3", "r+") as file:
        id3_tag.embed(file, [], chapters)
    tags = ID3(hall.directory / "a.mp3")
    (top,) = (each for each in tags.getall("CTOC") if each.flags & CTOCFlags.TOP_LEVEL)
    inner = [tags[f"CTOC:{name}"].child_element_ids for name in top.child_element_ids]
    assert [len(each) for each in inner] == [255, 255, 90]
    assert [tags[f"CHAP:{name}"].start_time for names in inner for name in names] == [
        at * 1000 for at in range(600)
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (59.9996, "00:01:00.000"),
        (3599.9999, "01:00:00.000"),
        (7261.5, "02:01:01.500"),
    ],
)
def test_a_time_is_rounded_as_a_whole(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=9),
    st.floats(0, 90),
    st.floats(0.5, 4),
    st.floats(1, 100),
)
def test_no_mark_is_outside_of_the_result(
    times: list[tuple[float, float]], start: float, speed: float, length: float
) -> None:
    chapters = tuple(Chapter(start=min(each), end=max(each)) for each in times)
    options = Options(start=start, end=start + 10, speed=speed)
    marks = marks_of(options, Media(container="", chapters=chapters), length=length)
    assert all(0 <= each.start < each.end <= min(length, 10 / speed) + 1e-5 for each in marks)
    assert [each.start for each in marks] == sorted(each.start for each in marks)
