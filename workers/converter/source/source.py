"""Fetches a video for a conversion: no more of it than the sound needs, and no more disk than that.

- MP4 and MOV: a file with holes (see `sparse_file`) in place of the pictures (see `sample_table`). ffmpeg
  seeks in it as in the whole one.
- Containers that can be read from their beginning to their end (Matroska, TS, MPEG, AVI, FLV, WMV, Ogg):
  a pipe, filled while ffmpeg works, and a file of the video's beginning and end for a look. A second pass
  gets a second pipe: to fetch again takes the database's time, to keep the video would take the disk.
- Anything else, anything odd or small: the whole file.

The hash of the whole video is checked when all of it was read. Of a part only this is known: its chunks are
there, at their length. The upload checked them all; the rest is the database's promise.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from functools import partial
from io import FileIO, RawIOBase

from msgspec import Struct

from events.options import DEFAULT, Chapters, Cover, Options
from workers.converter.containers import ebml, inspection
from workers.converter.containers.sample_table import PAGE, Range, needed_ranges
from workers.converter.containers.structure import Structure
from workers.converter.errors import VideoLost
from workers.converter.source.input import Input, Stream
from workers.converter.source.pipe import PipeWriter, filled_pipe
from workers.converter.source.sparse_file import SparseFile, VideoReader, put_into
from workers.converter.source.video import Video
from workers.converter.threads import in_thread

SMALL = 4 << 20
"""Bytes: to fetch so few takes no longer than to find out which could be left out."""
WORTHWHILE = 0.9
"""If more than this share is needed, all is fetched, so that the hash can be checked."""
HEAD, TAIL = 11 << 20, 2 << 20
"""Bytes at both ends of a video that comes through a pipe, for a look: ffmpeg reads 10 MB (`-probesize`), and
the last time stamp at the end."""


class Outline(Struct, frozen=True):
    """The outline of a video, by a few of its bytes."""

    structure: Structure = Structure()
    ranges: list[Range] | None = None
    """The bytes to fetch; None: all."""
    streams: bool = False
    """It can be read through a pipe that has the ranges of `early` before byte `cluster`."""
    cluster: int = 0
    early: tuple[Range, ...] = ()


def outline(video: RawIOBase, size: int, *, grain: int) -> Outline:
    """Read the outline of a video. `grain`: the bytes that are fetched for any one of them."""
    structure = inspection.inspect(video)
    if size <= SMALL:
        return Outline(structure)
    kind = inspection.kind(video)
    if kind is inspection.Kind.BOXES:
        return Outline(structure, needed_ranges(video, size, grain=grain))
    if kind is inspection.Kind.OTHER or size <= HEAD + TAIL:
        return Outline(structure)
    ends = [(0, HEAD), (size - TAIL, size)]
    if kind is inspection.Kind.STREAM:
        return Outline(structure, ends, streams=True)
    late = ebml.late(video, size)
    if late is None:
        return Outline(structure)
    return Outline(structure, [*ends, *late.parts], streams=True, cluster=late.cluster, early=late.parts)


class Source:
    """A video to convert, fetched as far as a conversion needs it at first."""

    def __init__(
        self,
        video: Video,
        sparse: SparseFile,
        file: FileIO,
        found: Outline,
        *,
        sha256: str,
        room: Callable[[int], None],
    ) -> None:
        self._video, self._sparse, self._file = video, sparse, file
        self._found, self._sha256, self._room = found, sha256, room
        self.structure = found.structure

    @property
    def fetched(self) -> int:
        """Bytes that came from the database so far."""
        return self._video.fetched

    @property
    def whole(self) -> bool:
        """True if all of the video is in the file."""
        return self._sparse.whole

    @property
    def stream(self) -> Stream | None:
        """Opens a pipe with all of the video, where the file has only its ends; None: read the file.

        Each pipe fetches everything again. A block that fails because the pipe ended too early raises the
        reason: VideoLost, StorageAway.
        """
        return partial(filled_pipe, self._fill) if self._found.streams and not self.whole else None

    @property
    def file(self) -> FileIO:
        """A seekable file as long as the video, from its beginning."""
        self._file.seek(0)
        return self._file

    @property
    def input(self) -> Input:
        """The video as a conversion reads it."""
        return Input(self.file, self.structure, self.stream)

    async def prepare(self) -> None:
        """Fetch the bytes that a conversion needs at first. Raises VideoLost, StorageAway, DiskFull."""
        ranges, most = self._found.ranges, WORTHWHILE * self._video.size
        if ranges is None or sum(end - start for start, end in ranges) > most:
            await self.complete()
            return
        lacking = len(self._sparse.lacking(ranges)) * self._video.chunk_size
        if self._found.streams:
            self._room(lacking)
            await self._sparse.fetch(ranges)
        else:
            self._room(sum(end - start + PAGE for start, end in ranges))
            await self._sparse.sift(ranges, sha256=self._sha256 if lacking + self.fetched > most else None)

    async def complete(self) -> None:
        """Make the file whole, and check it. Raises VideoLost, StorageAway, DiskFull."""
        self._room(self._video.size - self.fetched)
        await self._sparse.complete(self._sha256)

    async def _fill(self, into: PipeWriter) -> None:
        digest, at, cluster = hashlib.sha256(), 0, self._found.cluster
        async with aclosing(self._sparse.read()) as batches:
            async for batch in batches:
                hashing = asyncio.ensure_future(asyncio.to_thread(put_into, digest, batch))
                for piece in batch:
                    if self._found.early and at <= cluster < at + len(piece):
                        await into.write(memoryview(piece)[: cluster - at])
                        for start, end in self._found.early:
                            await into.write(await in_thread(self._sparse.at, start, end))
                        await into.write(memoryview(piece)[cluster - at :])
                    else:
                        await into.write(piece)
                    at += len(piece)
                await hashing
        if digest.hexdigest() != self._sha256:
            raise VideoLost(damaged=True)


async def open_source(
    video: Video,
    file: FileIO,
    *,
    sha256: str,
    room: Callable[[int], None],
    options: Options = DEFAULT,
) -> Source:
    """Fetch into the empty file what a conversion by these options needs at first.

    A frame as cover needs all of the video, as a part has no pictures. So do chapters that become files where
    the video would come through a pipe, as each chapter would need a pipe of its own.

    `room` is called before so many bytes are written, and raises DiskFull. Raises VideoLost, StorageAway.
    """
    sparse = SparseFile(video, file)
    if video.size <= SMALL:
        await sparse.complete(sha256)
    found = await _outlined(sparse, video, file)
    source = Source(video, sparse, file, found, sha256=sha256, room=room)
    if not source.whole:
        split_stream = found.streams and options.chapters is Chapters.SPLIT
        everything = options.cover is Cover.FRAME or split_stream
        await (source.complete() if everything else source.prepare())
    return source


async def _outlined(sparse: SparseFile, video: Video, file: FileIO) -> Outline:
    # In a thread of its own. It waits for the loop, and the loop for one of the threads that all share: with
    # as many outlines at once as there are such threads, all would wait for ever.
    with VideoReader(sparse, video.size, file) as reader, ThreadPoolExecutor(1, "outline") as own:
        look = partial(outline, reader, video.size, grain=video.chunk_size)
        looking = asyncio.get_running_loop().run_in_executor(own, look)
        try:
            return await asyncio.shield(looking)
        except asyncio.CancelledError:
            reader.close()
            await asyncio.wait([looking])
            await reader.idle()
            raise
