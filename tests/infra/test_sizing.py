"""The sizing on paper is what the calculator says."""

from pathlib import Path

from infra.sizing import Wishes, needs, rows

PAPER = (Path(__file__).parents[2] / "infra" / "SIZING.md").read_text()


def test_the_table_is_the_calculators():
    million, milliard = (rows(needs(Wishes(jobs=jobs))) for jobs in (1e6, 1e9))
    for name, text in million.items():
        assert f"| {name} | {text} | {milliard[name]} |" in PAPER
