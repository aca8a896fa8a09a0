"""Remarks on standard error."""

import pytest

from cli.streams.remarks import say


def test_a_remark_with_what_others_wrote_cannot_harm_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[2J.log: not there yet\nsecond line")
    assert capsys.readouterr().err == "-- a\ufffd[2J.log: not there yet\nsecond line\n"
