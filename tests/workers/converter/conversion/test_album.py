"""A file for each chapter: cut where the mark is, named and tagged so that a player knows what it is."""

import asyncio
import math
import sys
import threading
import zipfile
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

import mutagen
import pytest
from hall import EACH_WAY, RATE, RISING, Hall, embedded_in
from media import ffmpeg, pcm
from waiting import wait_for

from events.media import Chapter, Media
from events.options import Chapters, Cover, Format, Options, Tags
from events.types import FailureCode
from workers.converter.containers.zip_archive import Archive
from workers.converter.conversion.chapters import parts
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import ConversionError
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.messages import Mark
from workers.converter.parallel.encoding import Sharing
from workers.converter.parallel.lanes import Lanes
from workers.converter.source.input import Input
from workers.converter.workshop import Workshop

CASES = Path(__file__).parents[1] / "cases"
MARKS = [(0, 1.5, "Start: “here”/there"), (1.5, 4.123456, "Mid ."), (4.123456, 6, "Ende?")]
NAMES = ["01 Start_ “here”_there", "02 Mid", "03 Ende_"]


def chaptered(
    hall: Hall, *arguments: str, name: str = "book.mp4", marks: Any = MARKS, sound: str = RISING
) -> Path:
    """A recording with these chapters, whose title is the album's."""
    told = [";FFMETADATA1", "title=A walk", "artist=Ada"]
    for start, end, title in marks:
        told += ["[CHAPTER]", "TIMEBASE=1/1000000", f"START={start * 1e6:.0f}", f"END={end * 1e6:.0f}"]
        told += [f"title={title}"] if title else []
    (hall.directory / "marks").write_text("\n".join(told))
    return hall.source(
        sound, "-i", str(hall.directory / "marks"), "-map_metadata", "1", *arguments, name=name
    )


def unpacked(hall: Hall) -> dict[str, Path]:
    """Return the files of the result by name, as another program reads a ZIP."""
    folder = hall.directory / "unpacked"
    with zipfile.ZipFile(hall.result) as archive:
        assert archive.testzip() is None
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
        archive.extractall(folder)
        return {name: folder / name for name in archive.namelist()}


def samples(path: Path) -> list[list[float]]:
    with path.open("rb", buffering=0) as file:
        return pcm(file, path.suffix[1:])


@pytest.mark.parametrize("name", ["book.mp4", "book.mkv"])
async def test_the_parts_one_after_the_other_are_the_whole(hall: Hall, name: str) -> None:
    source = chaptered(hall, name=name)
    await hall.convert(source, format=Format.FLAC, chapters=Chapters.DROP)
    whole = hall.heard()
    made = await hall.convert(source, format=Format.FLAC, chapters=Chapters.SPLIT)
    heard = [samples(each)[0] for each in unpacked(hall).values()]
    assert (made.parts, made.duration_seconds) == (3, pytest.approx(6, abs=0.03))
    lengths = [round(end * RATE) - round(start * RATE) for start, end, _ in MARKS]
    assert [len(each) for each in heard[:2]] == [pytest.approx(each, abs=1) for each in lengths[:2]]
    joined = list(chain(*heard))
    assert joined == whole[0][: len(joined)]
    assert len(joined) >= 6 * RATE - 1


@pytest.mark.parametrize("format_", [Format.MP3, Format.M4A, Format.OGG])
async def test_each_part_says_what_it_is_and_of_what(hall: Hall, format_: Format) -> None:
    await hall.convert(chaptered(hall), format=format_, chapters=Chapters.SPLIT)
    files = unpacked(hall)
    assert list(files) == [f"{name}.{format_}" for name in NAMES]
    tags = [mutagen.File(each, easy=True) for each in files.values()]
    assert [each["title"] for each in tags] == [["Start: “here”/there"], ["Mid ."], ["Ende?"]]
    assert [each["tracknumber"] for each in tags] == [["1/3"], ["2/3"], ["3/3"]]
    assert {(*each["album"], *each["artist"]) for each in tags} == {("A walk", "Ada")}
    assert [each.info.length for each in tags] == pytest.approx([1.5, 2.623, 1.877], abs=0.05)


async def test_what_is_asked_of_the_whole_is_done_to_it_and_the_same_twice(hall: Hall) -> None:
    quiet_then_loud = "(0.05+0.45*gt(t,1.5))*sin(440*2*PI*t)"
    source = chaptered(hall, "-c:a", "flac", "-strict", "-2", sound=quiet_then_loud)
    wishes: dict[str, Any] = {"format": Format.FLAC, "chapters": Chapters.SPLIT, "loudness": -16.0}
    wishes |= {"start": 0.5, "end": 5.0, "tags": Tags(title="Mine", artist="")}
    await hall.convert(source, **wishes)
    first = hall.result.read_bytes()
    heard = [samples(each)[0] for each in unpacked(hall).values()]
    assert [len(each) / RATE for each in heard] == pytest.approx([1, 2.623, 0.877], abs=0.001)
    assert max(heard[1]) / max(heard[0]) == pytest.approx(10, rel=0.02)  # one gain for all
    assert max(heard[1]) != pytest.approx(0.5, rel=0.05)
    easy = mutagen.File(next(iter(unpacked(hall).values())), easy=True)
    assert (easy["album"], "artist" in easy) == (["Mine"], False)
    await hall.convert(source, **wishes)
    assert hall.result.read_bytes() == first


async def test_silence_and_fades_are_each_files_own_and_a_silent_chapter_is_left_out(hall: Hall) -> None:
    source = chaptered(hall, "-c:a", "flac", "-strict", "-2", sound="0.5*sin(440*2*PI*t)*between(t,2,6)")
    wishes: dict[str, Any] = {"format": Format.FLAC, "chapters": Chapters.SPLIT}
    made = await hall.convert(source, trim_silence=True, fade_out=0.5, **wishes)
    assert (made.parts, made.left_out, made.partial) == (2, (MARKS[0][2],), False)
    trimmed, last = [samples(each)[0] for each in unpacked(hall).values()]
    assert len(trimmed) / RATE == pytest.approx(2.123, abs=0.01)
    assert max(trimmed[-200:]) < 0.02 < max(trimmed[:2000])
    assert max(last[-200:]) < 0.02


@pytest.mark.parametrize("format_", [*EACH_WAY, Format.WAV])
async def test_a_chapter_behind_the_sound_is_left_out_and_told(hall: Hall, format_: Format) -> None:
    source = CASES / "A22.mp4"  # its sound ends half a second before its second chapter
    made = await hall.convert(source, format=format_, chapters=Chapters.SPLIT)
    assert list(unpacked(hall)) == [f"01 Song.{format_}"]
    assert (made.parts, made.left_out, made.partial) == (1, ("Credits",), False)
    for options in ({}, {"loudness": -16.0}, {"fade_out": 0.5}):
        with pytest.raises(ConversionError, match="the sound of this video ends after 6 seconds") as caught:
            await hall.convert(source, format=format_, start=7, end=9, **options)
        assert caught.value.code is FailureCode.OUT_OF_RANGE
    with pytest.raises(ConversionError) as caught:
        await hall.convert(source, format=format_, start=7, chapters=Chapters.SPLIT)
    assert caught.value.code is FailureCode.OUT_OF_RANGE


async def test_a_part_that_lies_in_a_hole_is_silence(hall: Hall) -> None:
    for options in ({}, {"format": Format.WAV}, {"loudness": -16.0}):
        with pytest.raises(ConversionError) as caught:
            await hall.convert(CASES / "A02.mkv", start=4, end=6, **options)
        assert caught.value.code is FailureCode.ONLY_SILENCE


async def test_a_recording_without_chapters_is_one_file_in_a_zip(hall: Hall) -> None:
    source = hall.source(RISING, "-metadata", "title=A walk")
    made = await hall.convert(source, chapters=Chapters.SPLIT)
    assert (made.parts, list(unpacked(hall))) == (1, ["01 A walk.mp3"])
    assert made.duration_seconds == pytest.approx(6, abs=0.03)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts encoders")
async def test_its_encoder_is_counted(hall: Hall, engine: Engine, bench: Any, workshop: Workshop) -> None:
    sharing = Sharing(Lanes(2, name=f"test-{uuid4()}", crowd=math.inf))
    equipment = Equipment(engine, workshop=workshop, sharing=sharing)
    free = set()

    async def tell(*_: object) -> None:
        free.add(sharing.lanes.free())

    with bench.holding(chaptered(hall)) as (source, target):
        split = Options(chapters=Chapters.SPLIT)
        await convert(Task(equipment, Input.of(source), target, split, tell))
    assert free == {1}
    assert sharing.lanes.free() == 2


async def test_cancelled_while_it_packs_it_ends_as_cancelled(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    packing, go_on = threading.Event(), threading.Event()

    def add(self: Archive, name: str, file: FileIO) -> int:
        with self._zip.open(name, "w"):
            packing.set()
            go_on.wait(20)
        return 0

    monkeypatch.setattr(Archive, "add", add)
    job = asyncio.create_task(hall.convert(chaptered(hall), chapters=Chapters.SPLIT))
    await wait_for(packing.is_set)
    job.cancel()
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    await asyncio.wait([job])
    assert job.cancelled()


async def test_every_part_has_the_cover(hall: Hall) -> None:
    plain = chaptered(hall, name="plain.m4a")
    cover = hall.directory / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "color=red:size=96x64:duration=1", "-frames:v", "1", str(cover))
    source = hall.directory / "book.m4a"
    ffmpeg(
        "-i",
        str(plain),
        "-i",
        str(cover),
        "-map",
        "0:a",
        "-map",
        "1",
        "-c",
        "copy",
        "-disposition:v",
        "attached_pic",
        str(source),
    )
    await hall.convert(source, chapters=Chapters.SPLIT, cover=Cover.KEEP, format=Format.M4A)
    assert [embedded_in(each) for each in unpacked(hall).values()] == [[cover.read_bytes()]] * 3


async def test_of_an_incomplete_book_the_chapters_that_are_there_are_had_unless_refused(hall: Hall) -> None:
    source = chaptered(hall, "-c:a", "aac", "-movflags", "+faststart")
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    with pytest.raises(ConversionError) as caught:
        await hall.convert(source, chapters=Chapters.SPLIT, partial=False)
    assert caught.value.code is FailureCode.TRUNCATED
    made = await hall.convert(source, chapters=Chapters.SPLIT)
    assert (made.partial, made.parts, next(iter(unpacked(hall)))) == (True, 2, f"{NAMES[0]}.mp3")


@pytest.mark.parametrize("share", [0.6, 0.64, 0.68])
async def test_a_book_that_ends_just_before_a_mark_is_no_whole_one(hall: Hall, share: float) -> None:
    marks = [(at, at + 0.5, "") for at in (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5)]
    source = chaptered(hall, "-c:a", "aac", "-movflags", "+faststart", marks=marks)
    source.write_bytes(source.read_bytes()[: round(source.stat().st_size * share)])
    made = await hall.convert(source, chapters=Chapters.SPLIT)
    assert (made.partial, made.left_out) == (True, ())
    with pytest.raises(ConversionError) as caught:
        await hall.convert(source, chapters=Chapters.SPLIT, partial=False)
    assert caught.value.code is FailureCode.TRUNCATED


def test_names_are_as_long_as_file_systems_take() -> None:
    chapters = tuple(Chapter(start=at, end=at + 1, title="漢" * 300) for at in range(150))
    made = parts(Options(chapters=Chapters.SPLIT), Media(container="mov,mp4", chapters=chapters))
    assert {each.name[4:] for each in made} == {"漢" * 66 + ".mp3"}
    assert max(len(each.name.encode()) for each in made) <= 255


@pytest.mark.parametrize(("container", "count"), [("mov,mp4", 1), ("mp3", 2)])  # which may only guess its end
def test_a_chapter_behind_the_end_is_no_file(container: str, count: int) -> None:
    chapters = (Chapter(start=0, end=6), Chapter(start=6, end=9))
    media = Media(container=container, duration_seconds=6, chapters=chapters)
    assert len(parts(Options(chapters=Chapters.SPLIT), media)) == count


def test_a_large_file_fits_into_a_zip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)  # 2 GiB
    (tmp_path / "sound").write_bytes(b"sound" * 1000)
    with FileIO(tmp_path / "zip", "w+") as target, FileIO(tmp_path / "sound") as sound:
        with Archive(target) as archive:
            archive.add("sound", sound)
        with zipfile.ZipFile(tmp_path / "zip") as found:
            assert found.read("sound") == b"sound" * 1000


async def test_chapters_that_ask_for_more_than_the_recording_are_refused(hall: Hall) -> None:
    many = [(0, 6 - n / 1000, "All of it") for n in range(40)]
    for limits, marks, code in (
        (Limits(duration_seconds=60), many, FailureCode.TOO_LONG),
        (Limits(output_bytes=30_000), MARKS, FailureCode.TOO_LARGE),
        (Limits(wall_seconds=0.05), MARKS, FailureCode.TIMED_OUT),
        (Limits(), [(n / 500, n / 500 + 0.5, "") for n in range(401)], FailureCode.TOO_LARGE),
    ):
        with pytest.raises(ConversionError) as caught:
            await hall.convert(chaptered(hall, marks=marks, name="book.mkv"), limits, chapters=Chapters.SPLIT)
        assert caught.value.code is code


async def test_an_albums_parts_share_one_scale_that_only_grows(hall: Hall, engine: Engine) -> None:
    told: list[tuple[float, float | None]] = []

    async def note(mark: Mark, length: float | None) -> None:
        told.append((mark.seconds, length))

    options = Options(chapters=Chapters.SPLIT, loudness=-16)
    source = chaptered(hall)
    with FileIO(source, "r") as video, FileIO(hall.result, "w+") as result:
        await convert(Task(Equipment(engine), Input.of(video), result, options, note))
    seconds = [each for each, _ in told]
    assert seconds == sorted(seconds)
    assert {length for _, length in told} == {6}
    assert seconds[-1] == 6
    assert sum(0 < each < 6 for each in set(seconds)) >= len(MARKS)
