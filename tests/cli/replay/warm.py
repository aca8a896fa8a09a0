"""A command as a process that is forked from one in which the imports are done: two thirds of its time."""

import asyncio
import contextlib
import multiprocessing
import os
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["__main__", "cli.main", "cli.replay.command", "cli.replay.show", "pymongo"])


async def run(arguments: Sequence[str], environ: dict[str, str], directory: Path) -> tuple[int, bytes, bytes]:
    """Run `tonearm replay`; return its exit code and its two outputs. Cancelled, it is killed."""
    (out, its_out), (err, its_err) = _context.Pipe(duplex=False), _context.Pipe(duplex=False)
    process = _context.Process(
        target=_become, args=(list(arguments), environ, str(directory), its_out, its_err)
    )
    process.start()
    its_out.close()
    its_err.close()
    try:
        outputs = await asyncio.gather(asyncio.to_thread(_all, out), asyncio.to_thread(_all, err))
        await asyncio.to_thread(process.join)
    finally:
        process.kill()
    return process.exitcode or 0, *outputs


def _all(pipe: Connection) -> bytes:
    with pipe, os.fdopen(os.dup(pipe.fileno()), "rb") as file:
        return file.read()


def _become(
    arguments: list[str], environ: dict[str, str], directory: str, out: Connection, err: Connection
) -> None:
    from cli.main import main

    os.environ.clear()
    os.environ.update(environ)
    os.chdir(directory)
    for number, pipe in ((1, out), (2, err)):
        os.dup2(pipe.fileno(), number)
        pipe.close()
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    code = main(["replay", *arguments])
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
