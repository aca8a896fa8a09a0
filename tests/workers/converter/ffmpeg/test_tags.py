"""Tags and chapters: kept, set, left out."""

from pathlib import Path

import mutagen
import pytest
from hall import CHAPTERS, RISING, TAGGABLE, Hall, told
from media import ffmpeg

from events.options import Chapters, Cover, Format, Tags
from workers.converter.ffmpeg.dump import read
from workers.converter.ffmpeg.tags import COMMENTING


@pytest.fixture
def tagged(hall: Hall) -> Path:
    (hall.directory / "chapters").write_text(CHAPTERS)
    return hall.source(RISING, "-i", str(hall.directory / "chapters"), "-map_metadata", "1", "-c:a", "aac")


@pytest.mark.parametrize("format_", [*TAGGABLE, Format.WAV])
async def test_tags_are_kept_set_and_left_out_and_the_place_never_travels(
    hall: Hall, tagged: Path, format_: Format
) -> None:
    await hall.convert(tagged, format=format_, tags=Tags(artist="", album="Walks", comment="one\ntwo = 2"))
    tags = told(hall.words())
    assert (tags["title"], tags["album"], tags["comment"]) == ("A walk", "Walks", "one two = 2")
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
    wanted = Tags(artist="Björk, 愛", date="2024")
    await hall.convert(source, format=format_, tags=wanted, cover=Cover.KEEP if holds else Cover.NONE)
    easy = mutagen.File(hall.result, easy=True)
    assert (easy["title"], easy["artist"], easy["date"]) == (["A walk"], ["Björk, 愛"], ["2024"])
    assert easy.info.length == pytest.approx(6, abs=0.06)
    whole = mutagen.File(hall.result)
    if format_ is Format.MP3:
        assert [str(each.sub_frames["TIT2"]) for each in whole.tags.getall("CHAP")] == ["One", "Two"]
        assert [each.data for each in whole.tags.getall("APIC")] == [picture.read_bytes()]
    elif format_ is Format.M4A:
        assert [bytes(each) for each in whole["covr"]] == [picture.read_bytes()]
        assert [(each.start, each.title) for each in whole.chapters] == [(0, "One"), (2, "Two")]
    else:
        assert (whole["chapter001"], whole["chapter001name"]) == (["00:00:02.000"], ["Two"])
    if format_ is Format.FLAC:
        assert [each.data for each in whole.pictures] == [picture.read_bytes()]


async def test_tags_of_an_ogg_file_are_kept(hall: Hall) -> None:
    source = hall.source(RISING, "-c:a", "libvorbis", "-metadata", "title=A walk", name="a.ogg")
    for format_ in TAGGABLE:
        await hall.convert(source, format=format_)
        assert told(hall.words()) == {"title": "A walk"}


@pytest.mark.parametrize("format_", TAGGABLE)
async def test_chapters_are_kept_move_with_a_cut_and_can_be_left_out(
    hall: Hall, tagged: Path, format_: Format
) -> None:
    def chapters() -> list[tuple[float, str]]:
        media = read(hall.words())
        assert media is not None
        return [(round(each.start, 2), each.title) for each in media.chapters]

    await hall.convert(tagged, format=format_)
    assert chapters() == [(0, "One"), (2, "Two")]
    made = await hall.convert(tagged, format=format_, start=1.5, end=5)
    assert chapters() == [(0, "One"), (0.5, "Two")]
    assert made.duration_seconds == pytest.approx(3.5, abs=0.001)
    await hall.convert(tagged, format=format_, start=1.5, end=5, fade_in=0.5, fade_out=0.5)
    assert chapters() == [(0, "One"), (0.5, "Two")]
    await hall.convert(tagged, format=format_, chapters=Chapters.DROP)
    assert chapters() == []
    await hall.convert(tagged, format=format_, start=1, speed=2)
    assert chapters() == ([(0, "One"), (0.5, "Two")] if format_ in COMMENTING else [])
