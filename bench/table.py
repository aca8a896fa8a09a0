"""From trials to rows to text. Pure.

A trial is one repetition: the figure, and its reference measured right beside it. Machines are noisy and
noise comes in waves, so a ratio is made within a trial, and what is quoted is the median of the ratios.
"""

from collections.abc import Callable, Iterable, Sequence
from math import ceil
from statistics import median
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct
from rich.table import Table

COLUMNS = ("measure", "value", "reference", "ratio", "spread of ratio")


class Trial(NamedTuple):
    """One repetition."""

    value: float
    reference: float

    @property
    def ratio(self) -> float:
        """The value in units of its reference."""
        return self.value / self.reference if self.reference else float("inf")


class Row(Struct, frozen=True, kw_only=True):
    """One line of the table. `against` names the reference; `better` is the ratio's good direction."""

    measure: str
    unit: str
    better: Literal["more", "less"]
    against: str
    trials: tuple[Trial, ...]

    @property
    def value(self) -> float:
        """The median of the values."""
        return median(trial.value for trial in self.trials)

    @property
    def reference(self) -> float:
        """The median of the references."""
        return median(trial.reference for trial in self.trials)

    @property
    def ratio(self) -> float:
        """The median of the ratios, which need not be the ratio of the medians."""
        return median(trial.ratio for trial in self.trials)

    def spread(self, of: Callable[[Trial], float]) -> tuple[float, float]:
        """Return the least and the greatest of something over the trials."""
        return min(map(of, self.trials)), max(map(of, self.trials))


def rows_of(trials: Sequence[Row]) -> list[Row]:
    """Join rows of single repetitions: those of the same measure become one row, in order of appearance."""
    joined: dict[tuple[str, str], Row] = {}
    for row in trials:
        key = (row.measure, row.against)
        known = joined.get(key)
        joined[key] = (
            row if known is None else msgspec.structs.replace(known, trials=known.trials + row.trials)
        )
    return list(joined.values())


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile: the least value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def number(value: float) -> str:
    """Write a figure with three digits that count, and no more pretence."""
    size = abs(value)
    places = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{places}f}"


def cells(row: Row) -> tuple[str, ...]:
    """Return the row's text, one for each of COLUMNS."""
    least, greatest = row.spread(lambda trial: trial.ratio)
    times = f" of {len(row.trials)}" if len(row.trials) > 1 else ""
    return (
        row.measure,
        f"{number(row.value)} {row.unit} {'↑' if row.better == 'more' else '↓'}",
        f"{number(row.reference)} {row.unit}: {row.against}",
        number(row.ratio),
        f"{number(least)}–{number(greatest)}{times}" if times else "once",
    )


def markdown(rows: Iterable[Row], conditions: str) -> str:
    """Write the table as GitHub's Markdown."""
    lines = [
        f"| {' | '.join(COLUMNS)} |",
        "|---|---:|---:|---:|---:|",
        *(f"| {' | '.join(cell.replace('|', '/') for cell in cells(row))} |" for row in rows),
    ]
    return "\n".join([*lines, "", conditions])


def as_json(rows: Iterable[Row], conditions: str) -> str:
    """Write everything that is known, every trial included, as one JSON object."""
    document = {
        "conditions": conditions,
        "rows": [
            {
                "measure": row.measure,
                "unit": row.unit,
                "better": row.better,
                "value": row.value,
                "value_spread": row.spread(lambda trial: trial.value),
                "against": row.against,
                "reference": row.reference,
                "ratio": row.ratio,
                "ratio_spread": row.spread(lambda trial: trial.ratio),
                "trials": row.trials,
            }
            for row in rows
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document)).decode()


def for_terminal(rows: Iterable[Row], conditions: str) -> Table:
    """Draw the table for a terminal."""
    table = Table(caption=conditions, caption_justify="left", header_style="bold")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "measure" else "right")
    for row in rows:
        table.add_row(*cells(row))
    return table
