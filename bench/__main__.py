"""`python -m bench [MEASURE…]`: prints one table of speeds. It does not judge them."""

import argparse
import asyncio
import importlib
import math
import os
import platform
import signal
import sys
import time
from datetime import UTC, datetime

import imageio_ffmpeg
from rich.console import Console

from bench import disk, table
from bench.measure import Options, Say, cores
from bench.table import Row

MEASURES = (
    *("upload", "job", "clips", "engine", "reading", "latency", "accounts", "traces", "replay", "start"),
    *("help", "memory", "sealing"),
)
DEFAULT = tuple(name for name in MEASURES if name not in ("engine", "reading", "memory", "sealing"))


def main(argv: list[str] | None = None) -> int:
    """Measure and print. Returns 1 when a measure could not be made; the others are printed all the same."""
    chosen = _parser().parse_args(argv)
    unknown = [name for name in chosen.measures if name not in (*MEASURES, "all")]
    if unknown:
        print(f"bench: there is no measure {unknown[0]!r}; there are {', '.join(MEASURES)}", file=sys.stderr)
        return 2
    names = MEASURES if "all" in chosen.measures else tuple(chosen.measures) or DEFAULT
    options = Options(scale=chosen.scale, repetitions=chosen.repetitions, events=chosen.events)
    before, say = conditions(options), _saying()
    if not _has_room(names, options, say):
        say("that is too little: name another folder by TMPDIR, or use --scale and --repetitions")
        return 1
    try:
        rows, failed = asyncio.run(_measure(names, options, say))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    _print(rows, before, chosen)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Print a table of speeds as ratios.")
    parser.add_argument(
        "measures",
        nargs="*",
        metavar="MEASURE",
        help=f"{', '.join(MEASURES)} or all (default: all but engine, reading, memory and sealing)",
    )
    parser.add_argument("--events", type=_count, default=200_000, help="length of the log that replay reads")
    parser.add_argument("--repetitions", type=_count, default=3, help="trials of each (default: %(default)s)")
    parser.add_argument(
        "--scale", type=_scale, default=1.0, help="multiplies sizes and counts; 0.1 for a quick look"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--markdown", action="store_true", help="a Markdown table (default unless on a terminal)"
    )
    form.add_argument("--json", action="store_true", help="all trials, as JSON")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _scale(text: str) -> float:
    value = float(text)
    if not (0 < value < math.inf):
        raise argparse.ArgumentTypeError("must be more than 0, and finite")
    return value


def _has_room(names: tuple[str, ...], options: Options, say: Say) -> bool:
    """Print how much the run will write to the disk."""
    needed = disk.needed(names, options)
    directory, free = disk.free()
    say(f"writes up to {needed / 1e9:.1f} GB to {directory} (TMPDIR), where {free / 1e9:.1f} GB are free")
    return free > needed


async def _measure(names: tuple[str, ...], options: Options, say: Say) -> tuple[list[Row], bool]:
    this = asyncio.current_task()
    if this is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    rows: list[Row] = []
    failed = False
    for name in names:
        try:
            rows += await importlib.import_module(f"bench.{name}").measure(options, say)
        except Exception as error:  # the other measures' rows have taken minutes
            failed = True
            say(f"{name} could not be measured: {type(error).__name__}: {error}")
    return rows, failed


def _saying() -> Say:
    begin = time.monotonic()
    return lambda line: print(f"[{time.monotonic() - begin:6.1f} s] {line}", file=sys.stderr, flush=True)


def conditions(options: Options) -> str:
    """Return under which conditions the figures are made: a busy machine is to be seen from the table."""
    load = f"load {os.getloadavg()[0]:.1f} at the start, " if hasattr(os, "getloadavg") else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {cores()} cores, {load}"
        f"Python {platform.python_version()}, ffmpeg {imageio_ffmpeg.get_ffmpeg_version()}, "
        f"scale {options.scale:g}, medians of {options.repetitions}"
    )


def _print(rows: list[Row], before: str, chosen: argparse.Namespace) -> None:
    if chosen.json:
        print(table.as_json(rows, before))
    elif chosen.markdown or not sys.stdout.isatty():
        print(table.markdown(rows, before))
    else:
        Console().print(table.for_terminal(rows, before))


if __name__ == "__main__":
    sys.exit(main())
