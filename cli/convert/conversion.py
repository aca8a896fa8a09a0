"""One video from its source to its audio: look, upload if need be, wait, download."""

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from cli.called import called
from cli.client.answers import Job, Queue
from cli.client.contents import Count
from cli.client.download import download, pour
from cli.client.errors import NotAsItStands, NotThere, Unreachable
from cli.client.gateway import Gateway
from cli.client.patience import PATIENCE, patiently
from cli.convert.board import DOWNLOADING, READING, UPLOADING, Show
from cli.convert.course import Course
from cli.convert.imports import fetched
from cli.convert.known import Decision, Step, Turns, anew, another_output, decided, jobs_known, sha256_of
from cli.convert.outcome import End, Outcome, failed
from cli.convert.replacement import is_ours, make_way
from cli.convert.wish import Wish
from cli.exits import Exit
from cli.jobs.shown import ahead
from cli.pretty import size
from events.errors import TonearmError
from events.ids import new_id

LOOK = 2.0
"""Seconds between two looks at a job that cannot be followed."""


class Terms(Struct, frozen=True):
    """The terms that all videos of a command have in common.

    `again`: also what was converted before. `force` replaces files of others.
    """

    gateway: Gateway
    wish: Wish
    again: bool = False
    force: bool = False
    turns: Turns = msgspec.field(default_factory=Turns)


class _Progress(Struct, frozen=True):
    percent: float | None = None
    speed: float | None = None
    attempt: int = 1


def converted(terms: Terms, course: Course) -> Outcome:
    """Convert the course's video and bring its audio here; errors are an outcome.

    Raises BrokenPipeError when nobody reads standard output any more, Halted when all shall end.
    """
    try:
        return _converted(terms, course)
    except BrokenPipeError:
        raise
    except (TonearmError, OSError) as error:
        return failed(course.task, error, course.job_id)


def _converted(terms: Terms, course: Course) -> Outcome:
    target, file = course.task.target, course.task.source.file
    here = sha256_of(target) if target and target.exists() else None
    video = _sha256(course, file) if file else ""
    with terms.turns.of(video) as begun:  # a copy of this video finds the job that this one begins
        known = patiently(lambda: jobs_known(terms.gateway, video, begun)) if video else []
        decision = anew(known) if terms.again else decided(known, terms.wish.options, here)
        if decision.step is Step.NOTHING and decision.job:
            return Outcome(course.task, End.UNCHANGED, decision.job, decision.job.job_id)
        if decision.step is Step.FAILED and decision.job:
            return _failed_before(course, decision.job)
        if target and here and not terms.force and not is_ours(here, known):
            make_way(terms.gateway, target, here, course.ask)
        course.job_id = _begun(terms, course, decision)
        begun.append(course.job_id)
    if decision.step is Step.DOWNLOAD and decision.job:
        job = decision.job
    else:
        course.remark(f"{course.task.source.name}: job {course.job_id}")
        job = _settled(terms.gateway, course.job_id, course)
    if job.audio is None:
        why = job.error.message if job.error else f"the job is {job.state}"
        return Outcome(course.task, End.FAILED, job, job.job_id, why, Exit.FAILED)
    _bring(terms, course, job, here)
    end = End.DOWNLOADED if decision.step is Step.DOWNLOAD else End.CONVERTED
    return Outcome(course.task, end, job, job.job_id)


def _failed_before(course: Course, job: Job) -> Outcome:
    why = job.error.message if job.error else ""
    told = f"it failed before: {why} `{called('convert --again')}` tries once more"
    return Outcome(course.task, End.FAILED, job, job.job_id, told, Exit.FAILED)


def _sha256(course: Course, file: Path) -> str:
    return sha256_of(file, course.transfer(READING, course.task.source.name, file.stat().st_size))


def _begun(terms: Terms, course: Course, decision: Decision) -> str:
    """Return the id of the job that makes this audio, or has made it."""
    gateway, asked, source = terms.gateway, terms.wish.asked, course.task.source
    match decision:
        case Decision(Step.DOWNLOAD, Job(job_id=job_id)):
            return job_id
        case Decision(Step.FOLLOW, Job(job_id=job_id)):
            course.remark(f"{source.name}: it is being converted already")
            return job_id
        case Decision(Step.CONVERT, Job() as other):
            key = new_id()
            with suppress(NotThere):  # it was let go of a moment ago
                job_id = patiently(lambda: another_output(gateway, other, source.name, asked, key))
                course.remark(f"{source.name}: the gateway has this video already, so it is not uploaded")
                return job_id
    if source.url:
        return fetched(gateway, course, asked)
    if source.is_input:
        show = course.stage(UPLOADING)
        return gateway.upload_stream(
            source.name, _standard_input(), lambda done: show(None, size(done)), asked
        )
    return gateway.upload(source.path, _uploading(course, source.path.stat().st_size), asked)


def _standard_input() -> BinaryIO:
    """Return standard input without its buffer: Python cannot end while a thread waits in that."""
    raw: BinaryIO = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
    return raw


def _uploading(course: Course, total: int) -> Count:
    """Begin to show an upload, and what of it is at the gateway from an earlier time."""
    name, has_begun = course.task.source.name, False
    sent = course.transfer(UPLOADING, name, total)

    def counted(done: int) -> None:
        nonlocal has_begun
        if done and not has_begun:
            course.remark(f"{name}: {size(done)} of it are there already")
        has_begun = True
        sent(done)

    return counted


def _settled(gateway: Gateway, job_id: str, course: Course) -> Job:
    """Return the job once it has come to an end, showing how it gets there."""
    show = course.stage("converting")
    try:
        for message in gateway.follow(job_id):
            if message.type == "progress":
                progress = msgspec.json.decode(message.data, type=_Progress)
                show(progress.percent, f"{progress.speed:.1f}× real time" if progress.speed else "")
                continue
            if message.type == "queue":
                queue = msgspec.json.decode(message.data, type=Queue)
                if queue.place:
                    show(None, ahead(queue))
                continue
            job = patiently(lambda: gateway.job(job_id))
            if job.done:
                return job
            show(None, _note(job))
    except NotAsItStands:  # as many streams of events are open as one account may have
        return _looked_for(gateway, job_id, show)
    return _done(gateway, job_id)


def _looked_for(gateway: Gateway, job_id: str, show: Show) -> Job:
    """Return the job once it has come to an end, by looking at it now and then."""
    while not (job := patiently(lambda: gateway.job(job_id))).done:
        show(None, ahead(job.queue) if job.queue and job.queue.place else _note(job))
        time.sleep(LOOK)
    return job


def _done(gateway: Gateway, job_id: str) -> Job:
    """Return the job when any gateway shows it as done. One may be behind another."""
    deadline = time.monotonic() + PATIENCE
    while not (job := patiently(lambda: gateway.job(job_id))).done:
        if time.monotonic() > deadline:
            raise Unreachable(f"{gateway.url} does not follow its log: it shows the job as {job.state}")
        time.sleep(0.1)
    return job


def _note(job: Job) -> str:
    match job.state:
        case "uploaded":
            return "waiting for a converter"
        case "retrying" if job.timeline:
            return job.timeline[-1].note
        case _:
            return ""


def _bring(terms: Terms, course: Course, job: Job, here: str | None) -> None:
    """Download the audio. Should that fail, show its address. `here` is the SHA-256 of what it replaces."""
    gateway, target, audio = terms.gateway, course.task.target, job.audio
    if audio is None:
        return

    def may_replace() -> bool:
        return terms.force or (target is not None and sha256_of(target) in (here, audio.sha256))

    try:
        got = course.transfer(DOWNLOADING, target.name if target else "the audio", audio.bytes)
        if target:
            download(gateway, job, target, got, may_replace)
        else:
            pour(gateway, job, sys.stdout.buffer, got)
    except BrokenPipeError:
        raise
    except OSError:
        course.say(f"Its audio stays at  {gateway.url}{audio.url}")
        raise
