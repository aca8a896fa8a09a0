"""What the board draws, on a terminal that is a text; `tests/system/test_convert.py` has a real one."""

import io
import json
import re

import msgspec
import pytest

from cli.convert.board import Board
from cli.pretty import console_for


class Terminal(io.StringIO):
    """A stream that calls itself a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    return Terminal()


def refresh(board: Board) -> None:
    if board.bars:
        board.bars.refresh()


def drawn(screen: Terminal, total: int) -> str:
    console = console_for(screen)
    with Board(console, console, total) as board, board.row("\x1b[2Ja\u202eb.mp4") as row:
        row.transfer("uploading", "ab.mp4", 1000)(500)
        row.remark("job j-1")
        refresh(board)
        row.stage("converting", "ab.mp4")(40, "2.0× real time \x1b]0;mine\x07")
        refresh(board)
        board.result("ab.mp3")
    return screen.getvalue()


def test_a_terminal_gets_a_bar_for_each_video_and_one_for_all(screen: Terminal) -> None:
    shown = drawn(screen, 2)
    assert "uploading" in shown
    assert "50 %" in shown
    assert "40 %  2.0× real time" in shown
    assert "0 of 2" in shown
    assert "j-1" not in shown  # with many, nobody has a use for it


def test_no_name_and_no_note_reaches_the_terminal_with_its_controls(screen: Terminal) -> None:
    shown = drawn(screen, 1)
    assert "\ufffd[2Ja\ufffdb.mp4" in shown
    assert "\x1b]0;" not in shown
    assert "all" not in shown


def test_json_above_the_bars_means_what_it_means_in_a_pipe(screen: Terminal) -> None:
    console, document = console_for(screen), {"video": "a\u202e\x7fb.mp4"}
    with Board(console, console, 1) as board:
        board.document(msgspec.json.encode(document))
    [line] = re.findall(r"{.*}", screen.getvalue())
    assert json.loads(line) == document
    assert line.isascii()


def test_a_name_may_look_like_markup(screen: Terminal) -> None:
    console = console_for(screen)
    with Board(console, console, 1) as board, board.row("[/x][bold]a.mp4"):
        refresh(board)
    assert "[/x][bold]a.mp4" in screen.getvalue()


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(
    screen: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    lines = ["uploading ab.mp4 (1 kB)", "job j-1", "converting ab.mp4", "ab.mp3"]
    assert drawn(screen, 2).splitlines() == lines


def test_who_wants_no_colour_gets_none(screen: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[38;" in drawn(screen, 1)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[38;" not in drawn(Terminal(), 1)
