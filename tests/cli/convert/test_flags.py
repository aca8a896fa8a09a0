import pytest
from click.shell_completion import ShellComplete

from cli.convert.flags import FLAGS, choices
from cli.exits import Exit
from cli.main import main, tonearm
from events.wishes import NAMES


def completed(*words: str) -> list[str]:
    shell = ShellComplete(tonearm, {}, "tonearm", "_TONEARM_COMPLETE")
    return [item.value for item in shell.get_completions(["convert", *words[:-1]], words[-1])]


def test_every_option_can_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "--help"]) == Exit.OK
    told = capsys.readouterr().out
    flags, further = told.split("any other:")
    assert [
        name for name in NAMES if f"--{name.replace('_', '-')} " not in flags and name not in further
    ] == []
    assert [name for name in FLAGS if name not in NAMES] == []


def test_a_value_that_means_nothing_is_refused_with_one_that_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["convert", "a.mp4", "--start", "1:3x"]) == Exit.USAGE
    assert "such as 90, 1:30, 0:01:30.5 or 1m30s" in capsys.readouterr().err
    assert main(["convert", "a.mp4", "-O", "channels=three"]) == Exit.USAGE
    assert "channels: give one of keep, mono, stereo" in capsys.readouterr().err


def test_names_and_their_values_are_completed() -> None:
    assert completed("-O", "trim") == ["trim_silence="]
    assert completed("-O", "channels=") == [f"channels={each}" for each in choices("channels")]
    assert completed("--format", "m") == ["mp3", "m4a"]
    assert completed("--loud") == ["--loudness"]
