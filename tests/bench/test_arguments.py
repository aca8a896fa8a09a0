"""What can be asked for on the command line."""

import importlib

import pytest

from bench.__main__ import DEFAULT, MEASURES, conditions, main
from bench.blocks import BLOCK, blocks
from bench.measure import Options
from bench.table import Row, Trial
from bench.upload import rotated


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_that_is_offered_exists(name):
    assert callable(importlib.import_module(f"bench.{name}").measure)


def test_what_takes_long_or_much_room_is_only_measured_when_asked_for():
    assert set(MEASURES) - set(DEFAULT) == {"engine", "reading", "memory", "sealing"}


def test_an_unknown_measure_is_refused_with_the_known_ones(capsys):
    assert main(["uplaod"]) == 2
    assert "'uplaod'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--repetitions", "0"], ["--events", "many"], ["--json", "--markdown"]),
        *(["--scale", "0"], ["--scale", "-1"], ["--scale", "nan"], ["--scale", "inf"]),
    ],
)
def test_senseless_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert "usage" in capsys.readouterr().err


def test_the_table_tells_under_which_conditions_it_was_made():
    assert "scale 0.5" in conditions(Options(scale=0.5))


def test_scaling_never_goes_below_what_makes_sense():
    assert Options(scale=0.001).scaled(60, 2) == 2
    assert Options(scale=2).scaled(60, 2) == 120


@pytest.mark.parametrize("size", [0, 1, BLOCK, 70 * BLOCK + 5])
def test_blocks_have_the_size_that_was_asked_for(size):
    assert sum(map(len, blocks(size))) == size


def test_a_measure_that_fails_does_not_take_the_others_with_it(monkeypatch, capsys):
    async def fails(*_: object) -> list[Row]:
        raise KeyError("by chance")

    async def works(*_: object) -> list[Row]:
        return [Row(measure="it", unit="s", better="less", against="that", trials=(Trial(1, 2),))]

    monkeypatch.setattr("bench.start.measure", works)
    monkeypatch.setattr("bench.clips.measure", fails)

    assert main(["start", "clips", "--scale", "0.01"]) == 1
    printed = capsys.readouterr()
    assert "| it |" in printed.out
    assert "clips could not be measured: KeyError: 'by chance'" in printed.err


def test_a_disk_that_is_too_small_is_known_before_anything_is_written(monkeypatch, capsys):
    monkeypatch.setattr("bench.disk.free", lambda: ("/tmp", 4_000_000_000))  # noqa: S108

    assert main(["upload"]) == 1
    assert "writes up to 4.9 GB" in capsys.readouterr().err


def test_uploads_take_turns_in_being_the_first():
    assert [rotated(["a", "b", "c"], turn)[0] for turn in range(4)] == ["a", "b", "c", "a"]
