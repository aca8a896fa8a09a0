"""`help`: milliseconds until `tonearm --help` and that of a group are printed, over Python's own start."""

import asyncio
import subprocess
import sys
import time

from bench.measure import Options, Say
from bench.table import Row, Trial

WITHIN = 150.0
"""Milliseconds in which `--help` is to answer."""
TURNS = 20
LINES = {"tonearm --help": ["--help"], "tonearm jobs --help": ["jobs", "--help"]}


async def measure(options: Options, say: Say) -> list[Row]:
    """Start each a few times, Python alone before it."""
    rows: list[Row] = []
    for line, words in LINES.items():
        trials = [await asyncio.to_thread(_trial, words) for _ in range(options.repetitions)]
        say(f"help: `{line}` takes {min(trial.value for trial in trials):.0f} ms")
        aim = tuple(Trial(trial.value, WITHIN) for trial in trials)
        for against, found in (("Python's own start", tuple(trials)), ("the aim", aim)):
            rows.append(Row(measure=f"`{line}`", unit="ms", better="less", against=against, trials=found))
    return rows


def _trial(words: list[str]) -> Trial:
    """Return the medians of some turns, which go alternately."""
    ours, bare = [], []
    for _ in range(TURNS):
        bare.append(_milliseconds("-c", "pass"))
        ours.append(_milliseconds("-m", "cli.main", *words))
    return Trial(sorted(ours)[TURNS // 2], sorted(bare)[TURNS // 2])


def _milliseconds(*arguments: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begin) * 1000
