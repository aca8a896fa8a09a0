"""Takes a picture out of the source, to be put into the result."""

import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from io import FileIO

import structlog
from msgspec.structs import replace

from events.media import Media
from events.options import Cover, Format, Options
from workers.converter.containers import picture_tag
from workers.converter.conversion.picture import cover_plan
from workers.converter.ffmpeg.command import Limits
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.process import run
from workers.converter.source.sparse_file import in_thread

Reading = Callable[[], AbstractAsyncContextManager[FileIO]]
log = structlog.get_logger()

PATIENCE = 20.0
"""Seconds that it may take: a picture is no reason to wait, and a film's frame takes less than one."""


async def take(engine: Engine, reading: Reading, limits: Limits, options: Options, media: Media) -> bytes:
    """Return the picture that is asked for, as JPEG or PNG, of what `reading` opens for a block.

    Empty when none is, and when it cannot be had: that is no reason to fail, and is told to our log.
    """
    plan = cover_plan(options, media)
    if plan is None:
        if options.cover is Cover.FRAME:
            log.info("cover_left_out", reason="no track of pictures that we decode")
        return b""
    wall = min(limits.wall_seconds, PATIENCE)
    limits = replace(limits, wall_seconds=wall, output_bytes=picture_tag.LARGEST)
    with tempfile.TemporaryFile(buffering=0) as file:
        async with reading() as source:
            ran = await run(engine, source, file, limits, _ignore, plan)
        file.seek(0)
        picture = file.read(picture_tag.LARGEST)
    if ran.exit_code == 0 and picture_tag.kind(picture) is not None:
        return picture
    reason = "it took too long" if ran.overtime else ran.heard.tail.strip().rpartition("\n")[2][:200]
    log.info("cover_left_out", reason=reason, exit_code=ran.exit_code)
    return b""


async def put(format_: Format, target: FileIO, picture: bytes) -> None:
    """Put a picture into a whole result; an empty one is none."""
    if picture:
        await in_thread(picture_tag.embed, format_, target, picture)


async def _ignore(mark: object, length: float | None) -> None:
    pass
