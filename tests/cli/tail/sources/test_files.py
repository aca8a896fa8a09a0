import bz2
import gzip
import json
import lzma
import os
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.tail.record import Kind
from cli.tail.sources import files
from cli.tail.sources.files import LogFile, Watch, backwards

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


def line(event, second=0, **fields):
    time = (NOON + timedelta(seconds=second)).isoformat()
    return json.dumps({"timestamp": time, "level": "info", "service": "s", "event": event, **fields}) + "\n"


def append(path, text):
    with path.open("a") as file:
        file.write(text)


def events(records):
    return [record.event for record in records or []]


def look(watch):
    """What one look brings, as following does it."""
    watch.look()
    brought = []
    for file in watch.files.values():
        while (records := file.read()) is not None:
            brought += records
    return events(brought)


@pytest.fixture
def watch(tmp_path):
    watch = Watch([str(tmp_path / "*.jsonl")])
    yield watch
    watch.close()


def test_a_line_is_shown_once_it_is_whole(tmp_path, watch):
    path = tmp_path / "a.jsonl"
    whole = line("one")
    path.write_text(whole[:20])
    assert look(watch) == []
    append(path, whole[20:] + line("two")[:-1])
    assert look(watch) == ["one"]
    append(path, "\n")
    assert look(watch) == ["two"]
    assert look(watch) == []


def test_a_rotated_file_is_read_to_its_end_and_its_successor_from_its_start(tmp_path, watch):
    path = tmp_path / "a.jsonl"
    path.write_text(line("one"))
    assert look(watch) == ["one"]
    append(path, line("two"))
    path.rename(tmp_path / "a.jsonl.1")
    path.write_text(line("three"))
    assert look(watch) == ["two", "three"]
    append(tmp_path / "a.jsonl.1", line("late"))  # a writer that has not let go yet
    append(path, line("four"))
    assert look(watch) == ["late", "four"]


def test_a_file_rotated_to_a_name_that_is_watched_too_is_not_repeated(tmp_path, watch):
    path = tmp_path / "a.jsonl"
    path.write_text(line("one"))
    assert look(watch) == ["one"]
    path.rename(tmp_path / "a.1.jsonl")
    path.write_text(line("two"))
    assert look(watch) == ["two"]
    assert sorted(f.service for f in watch.files.values()) == ["a", "a"]


def test_a_truncated_file_is_read_from_its_start(tmp_path, watch):
    path = tmp_path / "a.jsonl"
    path.write_text(line("one") + line("two"))
    assert look(watch) == ["one", "two"]
    os.truncate(path, 0)
    append(path, line("three"))
    assert look(watch) == ["three"]


def test_new_files_are_found_and_gone_ones_let_go(tmp_path, watch):
    assert look(watch) == []
    path = tmp_path / "a.jsonl"
    path.write_text(line("one") + "no newline")
    assert look(watch) == ["one"]
    path.unlink()
    assert look(watch) == []
    assert [events(records) for _, records in watch.leave(1)] == [["no newline"]]
    assert watch.files == {}


def test_what_is_no_regular_file_is_left_alone(tmp_path, watch):
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    assert look(watch) == []


def test_text_stays_behind_the_line_it_followed(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("before all\n" + line("one", 5) + "Traceback\n  deep\n" + line("two", 7))
    records = LogFile(path).read()
    assert records is not None
    assert [(r.event, (r.time - NOON).seconds) for r in records] == [
        ("before all", 5), ("one", 5), ("Traceback", 5), ("  deep", 5), ("two", 7)
    ]  # fmt: skip
    assert {r.source for r in records if r.kind is Kind.TEXT} == {"a"}


def test_a_line_without_end_comes_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_LINE", 1000)
    monkeypatch.setattr(files, "BLOCK", 300)
    path = tmp_path / "a.jsonl"
    path.write_text("x" * 2500 + "\n" + line("after"))
    file, shown = LogFile(path), []
    while (records := file.read()) is not None:
        assert all(len(r.event) <= 1300 for r in records)
        shown += events(records)
    assert "".join(shown[:-1]) == "x" * 2500
    assert shown[-1] == "after"


@given(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b""))), st.integers(1, 50))
def test_backwards_is_forwards_turned_round(tmp_path_factory, lines, block):
    path = tmp_path_factory.mktemp("back") / "f"
    path.write_bytes(b"\n".join(lines))
    with pytest.MonkeyPatch.context() as patch, path.open("rb", buffering=0) as file:
        patch.setattr(files, "BLOCK", block)
        found = list(backwards(file, path.stat().st_size))
    assert [text for _, text in reversed(found)] == (lines or [b""])
    content = path.read_bytes()
    assert all(content[start : start + len(text)] == text for start, text in found)


@given(st.integers(0, 30), st.integers(0, 35), st.booleans())
async def test_the_last_n_that_match_are_left_whatever_stands_between(tmp_path_factory, total, wanted, ended):
    path = tmp_path_factory.mktemp("last") / "f.jsonl"
    text = "".join(line(f"{i}", i, even=i % 2 == 0) for i in range(total))
    path.write_text(text if ended else text + '{"unfin')
    file = LogFile(path)
    await file.skip_to_last(wanted, lambda record: record.fields.get("even") is True)
    even = [r.event for r in file.read() or [] if r.fields["even"]]
    assert even == [f"{i}" for i in range(total) if i % 2 == 0][max(0, (total + 1) // 2 - wanted) :]
    append(path, "ished\n")
    unfinished = file.read()
    file.close()
    assert ended or events(unfinished) == ['{"unfinished']


async def test_the_end_of_a_huge_file_is_found_in_little_time_and_memory(tmp_path):
    path = tmp_path / "a.jsonl"
    with path.open("w") as file:
        file.truncate(4 << 30)  # 4 GiB of nothing: only a reader from the end comes back
        file.seek(0, os.SEEK_END)
        file.write("\n" + "".join(line(f"{i}") for i in range(1000)))
    tracemalloc.start()
    tail = LogFile(path)
    await tail.skip_to_last(3, lambda _: True)
    assert events(tail.read()) == ["997", "998", "999"]
    assert tracemalloc.get_traced_memory()[1] < 10 * files.BLOCK
    tracemalloc.stop()
    tail.close()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_was_compressed_when_it_was_rotated_away_is_read_as_far_as_it_is_whole(tmp_path, pack):
    path = tmp_path / "a.jsonl.1.packed"
    packed = pack("".join(line(f"{i}", fields=os.urandom(99).hex()) for i in range(500)).encode())
    path.write_bytes(packed)
    assert events(LogFile(path).read())[:2] == ["0", "1"]
    path.write_bytes(packed[: len(packed) // 2])
    file, shown = LogFile(path), []
    while (records := file.read()) is not None:
        shown += events(records)
    assert shown == [f"{i}" for i in range(len(shown))]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_what_windows_writes_into_a_file_is_read(tmp_path, encoding):
    path = tmp_path / "a.log"
    text = "".join(line(f"é{i}日").replace("\n", "\r\n") for i in range(9000))
    path.write_bytes(("\ufeff" * (encoding != "utf-16") + text).encode(encoding))
    file, shown = LogFile(path), []
    while (records := file.read()) is not None:
        shown += events(records)
    assert shown == [f"é{i}日" for i in range(9000)]


def test_a_folder_is_the_files_in_it(tmp_path):
    (tmp_path / "b.log").write_text(line("b"))
    (tmp_path / "a.jsonl").write_text(line("a"))
    (tmp_path / ".hidden").write_text(line("hidden"))
    (tmp_path / "deeper").mkdir()
    os.mkfifo(tmp_path / "pipe")
    watch = Watch([str(tmp_path)])
    assert look(watch) == ["a", "b"]
    watch.close()


def test_the_hole_before_a_file_that_was_cut_while_it_was_written_is_nothing(tmp_path, watch):
    path = tmp_path / "a.jsonl"
    with path.open("w") as file:
        file.truncate(5 << 20)
        file.seek(0, os.SEEK_END)
        file.write(line("after"))
    assert look(watch) == ["after"]
