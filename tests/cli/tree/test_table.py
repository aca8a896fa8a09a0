from rich.cells import cell_len

from cli.tree.table import Column, Kind, laid_out

COLUMNS = [
    Column[str]("job", str, kind=Kind.ID),
    Column[str]("created", str, kind=Kind.TIME),
    Column[str]("state", str),
    Column[str]("file", str, cut=True),
    Column[str]("bytes", str, right=True),
]
IDS = ("01a22e06-35dd-7778-9657-1d9aa4445124", "01a22e06-3573-75b3-962f-5c77502cb506")
TIME = "2026-11-30T19:54:48+01:00"
NAME = "A long lecture about the history of magnetic tape.mp4"
ROWS = [
    [IDS[0], TIME, "uploaded", NAME, "5"],
    [IDS[1], TIME, "failed", "日本語のビデオの名前は長いですね.mp4", "17,000"],
]
ROWS_OF_JOBS = [row[:4] for row in ROWS]


def test_what_has_room_stands_whole() -> None:
    heading, first, second = laid_out(COLUMNS, ROWS, 200)
    assert heading.split() == ["job", "created", "state", "file", "bytes"]
    assert first.split("  ")[:2] == [IDS[0], TIME]
    assert NAME in first
    assert (first[-8:], second[-8:]) == ("       5", "  17,000")


def test_ids_and_times_become_shorter_first_and_say_their_zone() -> None:
    heading, first, _ = laid_out(COLUMNS, ROWS, 110)
    assert heading.startswith("job            created (+01:00)  state")
    assert first.startswith("01a22e06-35dd  2026-11-30 19:54  uploaded  A long lecture")
    assert NAME in first


def test_no_line_is_wider_than_the_terminal() -> None:
    for room in range(1, 120):
        assert max(map(cell_len, laid_out(COLUMNS, ROWS, room))) <= room
    assert "A long lecture abo…" in laid_out(COLUMNS, ROWS, 70)[1]


def test_a_narrow_terminal_loses_the_time_before_all_else() -> None:
    heading, first, second = laid_out(COLUMNS[:4], ROWS_OF_JOBS, 40)
    assert heading.split() == ["job", "state", "file"]
    assert first.split()[:3] == ["01a22e06-35dd", "uploaded", "A"]
    assert second.split()[:2] == ["01a22e06-3573", "failed"]


def test_a_shortened_id_still_tells_one_from_the_others() -> None:
    alike = [IDS[0], IDS[0].replace("7778", "7779"), IDS[0].replace("5124", "5125")]
    lines = laid_out(COLUMNS[:1], [[each] for each in alike], 40)
    assert len(set(lines)) == 4
    narrow = laid_out(COLUMNS[:3], [[each, TIME, "uploaded"] for each in alike[:2]], 60)
    assert [line.split()[0] for line in narrow[1:]] == [each[:18] for each in alike[:2]]


def test_times_of_two_zones_stay_whole() -> None:
    summer = "2026-06-30T19:54:48+02:00"
    lines = laid_out(COLUMNS[:2], [[IDS[0], TIME], [IDS[1], summer], [IDS[1], ""]], 50)
    assert [line.split()[1:] for line in lines] == [["created"], [TIME], [summer], []]
