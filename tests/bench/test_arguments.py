"""What can be asked for on the command line."""

import importlib

import pytest

from bench.__main__ import DEFAULT, MEASURES, conditions, main
from bench.blocks import BLOCK, blocks
from bench.measure import Options


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_that_is_offered_exists(name):
    assert callable(importlib.import_module(f"bench.{name}").measure)


def test_memory_is_only_measured_when_asked_for():
    assert set(MEASURES) - set(DEFAULT) == {"memory"}


def test_an_unknown_measure_is_refused_with_the_known_ones(capsys):
    assert main(["uplaod"]) == 2
    assert "'uplaod'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--repetitions", "0"], ["--events", "many"], ["--json", "--markdown"]]
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
