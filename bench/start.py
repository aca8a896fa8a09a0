"""`start`: seconds until `tonearm up --detach` returns, everything ready, over the broker's own start."""

import asyncio
import sys
import time
from pathlib import Path

from bench.measure import BenchFailed, Options, Say
from bench.stack import Stack, private_directory, private_environment
from bench.table import Row, Trial
from infra.local import stack as local
from infra.local.services import ROOT

WITHIN = 20.0
"""Seconds in which the stack is to be ready."""


async def measure(options: Options, say: Say) -> list[Row]:
    """Start and stop on the same data; the first start makes the data and is not counted."""
    spent: list[Trial] = []
    async with private_directory() as directory:
        for turn in range(options.repetitions + 1):
            seconds, broker = await _start(directory)
            say(f"start {turn} of {options.repetitions}: {seconds:.1f} s, of it the broker {broker:.1f} s")
            if turn > 0:
                spent.append(Trial(seconds, broker))
    aim = tuple(Trial(trial.value, WITHIN) for trial in spent)
    name = "warm start until all is ready"
    return [
        Row(measure=name, unit="s", better="less", against="RabbitMQ's own start in it", trials=tuple(spent)),
        Row(measure=name, unit="s", better="less", against="the aim", trials=aim),
    ]


async def _start(directory: Path) -> tuple[float, float]:
    begin = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "up", "--detach"),
        cwd=ROOT,
        env=private_environment(directory),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
        seconds = time.perf_counter() - begin
        if process.returncode != 0:
            raise BenchFailed(f"the stack did not start: {said.decode(errors='replace').strip()}")
        return seconds, Stack(directory).seconds("rabbitmq")
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        await asyncio.to_thread(local.down, directory)
