"""Standard input: a pipe, a terminal or a file. A thread reads it, as only that never blocks us."""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from cli.tail.files import Lines
from cli.tail.parser import parse_line
from cli.tail.record import Record

_BLOCK = 64 * 1024


async def standard_input(service: str = "stdin", descriptor: int = 0) -> AsyncIterator[list[Record]]:
    """Yield the records of standard input as they come, until its end.

    Plain text is taken for the service of the line before it. A first line without a time has that of its
    coming.
    """
    loop = asyncio.get_running_loop()
    blocks: asyncio.Queue[bytes] = asyncio.Queue(maxsize=4)

    def pump() -> None:
        block = b"more"
        # A loop that is closed is the end of the programme; the thread is a daemon and goes with it.
        with contextlib.suppress(RuntimeError, asyncio.CancelledError):
            while block:
                try:
                    block = os.read(descriptor, _BLOCK)
                except OSError:
                    block = b""
                asyncio.run_coroutine_threadsafe(blocks.put(block), loop).result()

    threading.Thread(target=pump, name="standard-input", daemon=True).start()
    lines, before = Lines(), datetime.now(UTC)
    while True:
        block = await blocks.get()
        records = []
        for line in lines.feed(block) if block else lines.rest():
            if line:
                records.append(parse_line(line, service, before))
                before, service = records[-1].time, records[-1].source
        if records:
            yield records
        if not block:
            return
