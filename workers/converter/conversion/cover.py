"""Takes a picture out of the source, and puts it into the result."""

import tempfile
from io import FileIO

import structlog
from msgspec.structs import replace

from events.media import Media
from events.options import Cover, Format
from workers.converter.containers.pictures import stored, tag
from workers.converter.containers.pictures.notes import without_notes
from workers.converter.conversion.cover_plan import cover_plan
from workers.converter.conversion.task import Task
from workers.converter.ffmpeg.process import Invocation, run
from workers.converter.threads import in_thread

log = structlog.get_logger()

PATIENCE = 20.0
"""Seconds: a picture is no reason to wait longer, and a film's frame takes less than one."""


async def take(task: Task, media: Media) -> bytes:
    """Return the picture that the options ask for, as JPEG or PNG.

    Empty when they ask for none. Empty also when it cannot be had: that goes to the log and fails nothing.
    """
    if task.options.cover is Cover.KEEP and (found := await in_thread(stored.cover, task.source.file)):
        return found
    plan = cover_plan(task.options, media)
    if plan is None:
        if task.options.cover is Cover.FRAME:
            log.info("cover_left_out", reason="no track of pictures that we decode")
        return b""
    engine, limits = task.equipment.engine, task.equipment.limits
    wall = min(limits.wall_seconds, PATIENCE)
    limits = replace(limits, wall_seconds=wall, output_bytes=tag.LARGEST)
    with tempfile.TemporaryFile(buffering=0) as file:
        async with task.source.opened() as source:
            invocation = Invocation(
                engine=engine,
                source=source,
                target=file,
                plan=plan,
                limits=limits,
                lead=task.source.structure.lead,
            )
            ran = await run(invocation)
        file.seek(0)
        picture = file.read(tag.LARGEST)
    if ran.exit_code == 0 and tag.kind(picture) is not None:
        return picture
    reason = "it took too long" if ran.overtime else ran.findings.tail.strip().rpartition("\n")[2][:200]
    log.info("cover_left_out", reason=reason, exit_code=ran.exit_code)
    return b""


async def put(format_: Format, target: FileIO, picture: bytes) -> tag.Place:
    """Put a picture into a finished result, without a camera's notes; nothing for an empty one."""
    return await in_thread(tag.embed, format_, target, without_notes(picture)) if picture else tag.Place()
