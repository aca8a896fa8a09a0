"""The entry to this room: a task becomes a conversion of one file, or an album of a file for each chapter."""

from typing import Protocol

from events.media import Media
from events.options import Chapters
from workers.converter.conversion.album import Album
from workers.converter.conversion.result import Result
from workers.converter.conversion.single import Single
from workers.converter.conversion.task import Task


class Conversion(Protocol):
    """One conversion in two steps, each done once. Both raise ConversionError, EngineFailed and DiskFull."""

    async def probe(self) -> Media | None:
        """Return the source's content as soon as it is known; None when `finish` will raise the reason."""

    async def finish(self) -> Result:
        """Write the result into the task's target."""


def begin(task: Task) -> Conversion:
    """Return the conversion that the options ask for."""
    return Album(task) if task.options.chapters is Chapters.SPLIT else Single(task)


async def convert(task: Task) -> Result:
    """Do a whole task.

    Raises ConversionError when this source cannot be converted so, EngineFailed or DiskFull when it can, but
    not now.
    """
    conversion = begin(task)
    await conversion.probe()
    return await conversion.finish()
