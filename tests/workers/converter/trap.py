"""Tells whether a file was opened or an address connected to, without asking the one who may have done so."""

import asyncio
import ctypes
import os
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from workers.converter.cage.cage import Keeper
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.plan import DEFAULT
from workers.converter.ffmpeg.process import caps

IN_OPEN, IN_NONBLOCK = 0x20, 0o4000
_libc = ctypes.CDLL(None, use_errno=True)


class Trap:
    """A file and an address that nobody has any business with."""

    def __init__(self, file: Path) -> None:
        self.file, self.port, self.connections = file, 0, 0
        self._watch = _libc.inotify_init1(IN_NONBLOCK)
        assert _libc.inotify_add_watch(self._watch, os.fsencode(file), IN_OPEN) >= 0

    @property
    def opened(self) -> int:
        """How often the file was opened since it was last asked."""
        try:
            return len(os.read(self._watch, 65536)) // struct.calcsize("iIII")
        except BlockingIOError:
            return 0

    async def sprung(self) -> set[str]:
        """What was touched since it was last asked.

        Who connects need not wait until he is counted. So we connect last: then all before us are counted.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert await reader.read() == b""
        writer.close()
        files, connections = self.opened, self.connections - 1
        self.connections = 0
        return {name for name, count in (("file", files), ("socket", connections)) if count}

    @asynccontextmanager
    async def set(self) -> AsyncIterator["Trap"]:
        """Listen."""

        async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            writer.close()

        server = await asyncio.start_server(count, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            os.close(self._watch)


class Said(NamedTuple):
    """How a caged program ended, and what it said on its two outputs."""

    exit_code: int
    output: str
    words: str


async def caged(
    program: str,
    arguments: Sequence[str],
    layers: Sequence[str],
    tmp_path: Path,
    *,
    source: Path = Path(os.devnull),
    limits: Limits | None = None,
    seconds: float = 20,
) -> Said:
    """Run a program behind these layers and no others, with a file for its standard input."""
    limits = limits or Limits()
    with (
        Keeper(program, layers) as keeper,
        FileIO(source) as video,
        FileIO(tmp_path / "output", "w+") as output,
        FileIO(tmp_path / "words", "w+") as words,
        FileIO(os.devnull, "w") as numbers,
    ):
        with closing(
            await keeper.start(arguments, (video, output, words, numbers), caps(limits, 0, DEFAULT))
        ) as program_:
            try:
                async with asyncio.timeout(seconds):
                    exit_code = await program_.wait()
            except TimeoutError:
                program_.kill()
                exit_code = await program_.wait()
        return Said(exit_code, *(_read(file) for file in (output, words)))


def _read(file: FileIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
