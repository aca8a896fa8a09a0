"""Takes the texts of a video's subtitles out of it, at the times of the sound that was made."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from io import FileIO

import structlog
from msgspec.structs import replace

from events.media import Media
from service.transcripts.cues import Cue, moved
from workers.converter.conversion.result import Text
from workers.converter.conversion.task import Task
from workers.converter.ffmpeg import subtitles
from workers.converter.ffmpeg.probe import hidden_lead
from workers.converter.ffmpeg.process import Invocation, Outcome, run
from workers.converter.threads import in_thread

log = structlog.get_logger()


async def take(task: Task, media: Media, heard: Callable[[float], float]) -> tuple[Text, ...]:
    """Return the texts that are heard in the result, `heard` at the time of each second of the video.

    A damaged track is read as far as it goes. What cannot be had goes to the log and fails nothing.
    """
    plan = subtitles.text_plan(media)
    if plan is None:
        return ()
    limits = replace(task.equipment.limits, output_bytes=subtitles.MOST_BYTES)
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile(buffering=0)) for _ in plan.texts]
        async with task.source.opened() as source:
            ran = await run(
                Invocation(
                    engine=task.equipment.engine,
                    source=source,
                    target=files[0],
                    further=tuple(files[1:]),
                    plan=plan,
                    limits=limits,
                    size=task.source.size,
                    lead=task.source.structure.lead,
                )
            )
        if ran.exit_code != 0:
            log.info("subtitles_incomplete", reason=_reason(ran), exit_code=ran.exit_code)
        begins = ran.findings.start - hidden_lead(ran.findings, task.source.structure)
        said = [await in_thread(_read, file) for file in files]
    placed = (moved(cues, lambda second: heard(second - begins)) for cues in said)
    tracks = subtitles.text_tracks(media)
    return tuple(
        Text(each.index, each.language, cues) for each, cues in zip(tracks, placed, strict=True) if cues
    )


def _read(file: FileIO) -> tuple[Cue, ...]:
    file.seek(0)
    return subtitles.read(file.read(subtitles.MOST_BYTES))


def _reason(ran: Outcome) -> str:
    return "it took too long" if ran.overtime else ran.findings.tail.strip().rpartition("\n")[2][:200]
