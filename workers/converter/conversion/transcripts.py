"""Takes the texts of a video's subtitles out of it, and puts them where they are heard."""

import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from io import FileIO

import structlog
from msgspec.structs import replace

from events.media import Media
from service.transcripts.cues import Cue, moved
from workers.converter.conversion.result import Text
from workers.converter.conversion.task import Task
from workers.converter.ffmpeg import subtitles
from workers.converter.ffmpeg.languages import standard
from workers.converter.ffmpeg.probe import hidden_lead
from workers.converter.ffmpeg.process import Invocation, Outcome, run
from workers.converter.threads import in_thread

log = structlog.get_logger()


async def take(task: Task, media: Media) -> tuple[Text, ...]:
    """Return the texts at the times of the source.

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
    tracks = subtitles.text_tracks(media)
    return tuple(
        Text(each.index, standard(each.language), moved(cues, lambda second: max(second - begins, 0.0)))
        for each, cues in zip(tracks, said, strict=True)
    )


def heard(texts: Iterable[Text], in_audio: Callable[[float], float]) -> tuple[Text, ...]:
    """Return those of the texts of which something is heard, `in_audio` at the time of a second's sound."""
    placed = (replace(each, cues=moved(each.cues, in_audio)) for each in texts)
    return tuple(each for each in placed if each.cues)


def _read(file: FileIO) -> tuple[Cue, ...]:
    file.seek(0)
    return subtitles.read(file.read(subtitles.MOST_BYTES))


def _reason(ran: Outcome) -> str:
    return "it took too long" if ran.overtime else ran.findings.tail.strip().rpartition("\n")[2][:200]
