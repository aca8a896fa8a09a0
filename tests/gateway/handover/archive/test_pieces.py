"""The bytes of a ZIP, as programs that are not ours read them."""

import io
import subprocess
import zipfile
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gateway.handover.archive.pieces import (
    Content,
    End,
    Entry,
    Header,
    Piece,
    Section,
    length,
    pieces,
    record,
)
from gateway.handover.archive.records import File

TIME = datetime(2026, 11, 30, 16, 5, 8, tzinfo=UTC)
GIB = 1 << 30


def file(name: str, text: bytes, time: datetime = TIME) -> File:
    return File(name=name, size=len(text), time=time, sha256="", text=text)


def joined(some: Iterable[Piece]) -> bytes:
    return b"".join(made(section)[first : last + 1] for section, first, last in some)


def made(section: Section) -> bytes:
    match section:
        case Content(file):
            return file.text
        case End(data):
            return data
        case _:
            return record(section, zlib.crc32(section.file.text))


def whole(files: list[File]) -> bytes:
    return joined(pieces(files, 0, length(files) - 1))


FILES = [file("a.mp3", b"sound" * 100), file("„Ü“.flac", b""), file("c.zip", bytes(range(256)))]


def test_others_read_what_was_stored(tmp_path: Path) -> None:
    data = whole(FILES)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            each.name: each.text for each in FILES
        }
        assert archive.infolist()[0].date_time == (2026, 11, 30, 16, 5, 8)
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    for command in (["unzip", "-t"], ["7z", "t"]):
        done = subprocess.run([*command, path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    subprocess.run(
        ["unzip", "-q", path, "-d", tmp_path], check=True, env={"LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"}
    )
    assert (tmp_path / "„Ü“.flac").read_bytes() == b""
    assert (tmp_path / "a.mp3").stat().st_mtime == TIME.timestamp()


@given(st.data())
def test_any_range_is_that_part_of_the_whole(data: st.DataObject) -> None:
    all_of_it = whole(FILES)
    first = data.draw(st.integers(0, len(all_of_it) - 1))
    last = data.draw(st.integers(first, len(all_of_it) - 1))
    assert joined(pieces(FILES, first, last)) == all_of_it[first : last + 1]


def test_a_range_makes_only_what_lies_in_it() -> None:
    found = list(pieces(FILES, 0, 10))
    assert [(type(each.section), each.first, each.last) for each in found] == [(Header, 0, 10)]
    size = length(FILES)
    assert [type(each.section) for each in pieces(FILES, size - 1, size - 1)] == [End]


def test_of_a_range_beyond_four_gigabytes_the_numbers_are_those_of_zip64(tmp_path: Path) -> None:
    """A sparse file stands for the audio: what lies between the records is nothing but zeros."""
    sizes = {"large.wav": 5 * GIB, "far.mp3": 3, "edge.wav": 2**32 - 1, "under.wav": 2**32 - 2}
    files = [File(name=name, size=size, time=TIME, sha256="") for name, size in sizes.items()]
    path = tmp_path / "large.zip"
    with path.open("wb") as sparse:
        at = 0
        for section, _, last in pieces(files, 0, length(files) - 1):
            match section:
                case Header() | Entry():
                    sparse.write(record(section, zlib.crc32(bytes(3))))
                case End(data):
                    sparse.write(data)
                case Content():
                    sparse.seek(last + 1, io.SEEK_CUR)
            at += last + 1
            assert sparse.tell() == at
    with zipfile.ZipFile(path) as archive:
        assert {info.filename: info.file_size for info in archive.infolist()} == sizes
        for info in archive.infolist():
            with archive.open(info) as content:  # reads the header, wherever it lies
                assert content.read(2) == bytes(2)
    listed = subprocess.run(["7z", "l", "-slt", path], capture_output=True, text=True, check=True).stdout
    assert f"Size = {5 * GIB}" in listed
    assert "Warning" not in listed
    assert "Error" not in listed
    assert subprocess.run(
        ["unzip", "-Z1", path], capture_output=True, text=True, check=True
    ).stdout.split() == list(sizes)


def test_seventy_thousand_files_are_counted_by_zip64() -> None:
    files = [file(f"{n}.mp3", b"") for n in range(70_000)]
    with zipfile.ZipFile(io.BytesIO(whole(files))) as archive:
        assert len(archive.infolist()) == 70_000


def test_a_thousand_files_are_planned_in_a_moment() -> None:
    chance = Random(1)  # noqa: S311 - no secret
    files = [File(name=f"{n}.mp3", size=chance.randrange(10**9), time=TIME, sha256="") for n in range(1000)]
    size = length(files)
    assert sum(last - first + 1 for _, first, last in pieces(files, 1, size - 2)) == size - 2


def test_times_that_the_format_cannot_hold_are_the_nearest() -> None:
    for year, shown in ((1970, 1980), (2500, 2107)):
        data = whole([file("a.mp3", b"", datetime(year, 1, 1, tzinfo=UTC))])
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.infolist()[0].date_time[0] == shown
