"""From trials to rows to text."""

import json

import pytest
from rich.console import Console

from bench import table
from bench.table import Row, Trial, number, percentile, rows_of


def row(*trials: Trial, measure: str = "upload", better: str = "more") -> Row:
    return Row(measure=measure, unit="MB/s", better=better, against="bare", trials=trials)  # type: ignore[arg-type]


NOISY = row(Trial(50, 100), Trial(10, 40), Trial(90, 100))


def test_the_ratio_quoted_is_the_median_of_ratios_made_within_a_trial():
    assert NOISY.ratio == 0.5  # of 0.5, 0.25 and 0.9; the ratio of the medians happens to be 0.5, so:
    assert row(Trial(50, 100), Trial(10, 40), Trial(90, 120)).ratio == 0.5
    assert row(Trial(1, 10), Trial(20, 40), Trial(30, 30)).ratio == 0.5
    assert row(Trial(1, 10), Trial(20, 40), Trial(30, 30)).value / 30 != 0.5


def test_the_spread_is_that_of_the_ratios():
    assert NOISY.spread(lambda trial: trial.ratio) == (0.25, 0.9)
    assert "0.250–0.900 of 3" in table.cells(NOISY)


def test_a_single_trial_claims_no_spread():
    assert table.cells(row(Trial(1, 2)))[-1] == "once"


def test_a_reference_of_nothing_makes_an_endless_ratio_and_no_crash():
    assert row(Trial(1, 0)).ratio == float("inf")


def test_rows_of_one_measure_are_joined_in_order_of_appearance():
    joined = rows_of([row(Trial(1, 1)), row(Trial(2, 1), measure="form"), row(Trial(3, 1))])
    assert [(each.measure, each.trials) for each in joined] == [
        ("upload", (Trial(1, 1), Trial(3, 1))),
        ("form", (Trial(2, 1),)),
    ]


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([5, 1, 3, 2, 4], 50, 3),
        ([1, 2], 50, 1),
        (list(range(1, 101)), 99, 99),
        (list(range(1, 301)), 99, 297),
        ([7], 99, 7),
        ([7, 8], 0, 7),
        ([7, 8], 100, 8),
    ],
)
def test_percentiles_are_nearest_rank(values, percent, expected):
    assert percentile(values, percent) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "0.012"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (123.4, "123"),
        (118_000.4, "118,000"),
        (-0.5, "-0.500"),
    ],
)
def test_figures_show_three_digits_that_count(value, text):
    assert number(value) == text


def test_markdown_is_one_line_a_row_and_names_the_reference():
    lines = table.markdown([NOISY, row(Trial(2, 4), better="less", measure="a|b")], "2 cores").splitlines()
    assert lines[0] == "| measure | value | reference | ratio | spread of ratio |"
    assert lines[2] == "| upload | 50.0 MB/s ↑ | 100 MB/s: bare | 0.500 | 0.250–0.900 of 3 |"
    assert lines[3] == "| a/b | 2.00 MB/s ↓ | 4.00 MB/s: bare | 0.500 | once |"
    assert lines[-1] == "2 cores"


def test_json_keeps_every_trial():
    document = json.loads(table.as_json([NOISY], "2 cores"))
    assert document["conditions"] == "2 cores"
    (found,) = document["rows"]
    assert found["trials"] == [[50, 100], [10, 40], [90, 100]]
    assert (found["value"], found["ratio"], found["ratio_spread"]) == (50, 0.5, [0.25, 0.9])


def test_the_terminal_shows_every_cell():
    console = Console(width=160)
    with console.capture() as capture:
        console.print(table.for_terminal([NOISY], "2 cores"))
    assert all(cell in capture.get() for cell in (*table.cells(NOISY), "2 cores"))
