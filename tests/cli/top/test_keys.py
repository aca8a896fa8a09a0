"""The keyboard of the cockpit: what keys are called, and a terminal that is gone."""

import os
import pty
from queue import SimpleQueue

import pytest

from cli.top.keys import Keyboard, names


def test_keys_have_names_and_sequences_that_nobody_knows_have_none() -> None:
    assert list(names("q\x1b[A\x1bOB\x1b[1;5C\x1b\t\x03\x01ä")) == [
        *("q", "up", "down", "escape", "tab", "ctrl-c", "ä")
    ]


def test_a_terminal_that_is_gone_ends_it_and_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, its = pty.openpty()
    pressed: SimpleQueue[str] = SimpleQueue()
    with os.fdopen(its) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with Keyboard(pressed.put).open():
            os.close(ours)
            assert pressed.get(timeout=20) == "q"


def test_a_terminal_that_goes_behind_an_escape_ends_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other systems than Linux read nothing then, for ever, where that one has an error."""
    ours, its = pty.openpty()
    pressed: SimpleQueue[str] = SimpleQueue()
    read = iter([b"\x1b"])
    monkeypatch.setattr("cli.top.keys.os.read", lambda *_: next(read, b""))
    with os.fdopen(its) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with Keyboard(pressed.put).open():
            os.close(ours)
            assert [pressed.get(timeout=20), pressed.get(timeout=20)] == ["escape", "q"]
