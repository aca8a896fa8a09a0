"""Where a conversion reads its video from: no more of it than the sound needs, and no more disk than that.

- MP4 and MOV: a file with holes (see `sparse`) where the pictures would be (see `sampletable`). ffmpeg
  seeks in it as in the whole one.
- Containers that can be read from their beginning to their end (Matroska, TS, MPEG, AVI, FLV, WMV, Ogg):
  a pipe, filled while ffmpeg works, and a file of the video's beginning and end for who only looks. Who
  reads twice is given two pipes: to fetch again takes the database's time, to keep it would take the disk.
- Anything else, anything odd or small: the whole file.

The whole video's hash is checked when all of it was read. Of a part only this is known: its chunks are
there, at their length, and the upload checked them all before it said so; the rest is the database's promise.
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
from workers.converter.containers.sample_table import PAGE, Range, needed
from workers.converter.containers.structure import Structure
from workers.converter.errors import VideoLost
from workers.converter.source.input import Input, Stream
from workers.converter.source.pipe import PipeWriter, filled_pipe
from workers.converter.source.sparse_file import SparseFile, VideoReader, put_into
from workers.converter.source.video import Video
from workers.converter.threads import in_thread

SMALL = 4 << 20
"""Bytes that are fetched as fast as it takes to find out what could be left out."""
WORTHWHILE = 0.9
"""Of more than this share all is fetched, so that the hash can be checked, or kept."""
HEAD, TAIL = 11 << 20, 2 << 20
"""Bytes at both ends of what will be piped, for who asks what it holds: ffmpeg looks at 10 MB (`-probesize`),
and for the last time stamp at the end."""


class Outline(Struct, frozen=True):
    """What was found out about a video from a few of its bytes."""

    structure: Structure = Structure()
    ranges: list[Range] | None = None
    """What to fetch; None: everything."""
    streams: bool = False
    """It can be read through a pipe, once the ranges of `early` were put in before byte `cluster`."""
    cluster: int = 0
    early: tuple[Range, ...] = ()


def outline(video: RawIOBase, size: int, *, grain: int) -> Outline:
    """Look at a video, of which at least `grain` bytes are fetched for any."""
    structure = inspection.inspect(video)
    if size <= SMALL:
        return Outline(structure)
    kind = inspection.kind(video)
    if kind is inspection.Kind.BOXES:
        return Outline(structure, needed(video, size, grain=grain))
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
    """A video to convert. `structure`: what its container says of itself."""

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
        """All of the video is in the file."""
        return self._sparse.whole

    @property
    def stream(self) -> Stream | None:
        """Opens a pipe with all of the video, where the file has only its ends; None: read the file.

        Each pipe fetches everything again. A block that ends by an error because the pipe ended too early
        raises why it did: VideoLost, StorageAway.
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
        """Fetch what there is to fetch before anything else. Raises VideoLost, StorageAway, DiskFull."""
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
    """Look at a video, and fetch into the empty file what a conversion by these options needs first.

    That is all of it for a frame as cover, as a part has no pictures, and for chapters that become files when
    it would come through a pipe, as each needs one of its own.

    `room` is asked before so many bytes are written, and raises DiskFull. Raises VideoLost, StorageAway.
    """
    sparse = SparseFile(video, file)
    if video.size <= SMALL:
        await sparse.complete(sha256)
    found = await _outlined(sparse, video, file)
    source = Source(video, sparse, file, found, sha256=sha256, room=room)
    if not source.whole:
        each_apart = found.streams and options.chapters is Chapters.SPLIT
        everything = options.cover is Cover.FRAME or each_apart
        await (source.complete() if everything else source.prepare())
    return source


async def _outlined(sparse: SparseFile, video: Video, file: FileIO) -> Outline:
    # In a thread of its own: it waits for the loop, and the loop for one of the threads that all share. As
    # many outlines at once as these are would wait for ever.
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
