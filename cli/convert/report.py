"""The lines about each video that has ended, and about those that go on without us."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from cli.called import called
from cli.client.answers import Audio, Job
from cli.client.errors import ClientError
from cli.client.gateway import Gateway
from cli.convert.board import DOWNLOADING, UPLOADING, Board
from cli.convert.course import Course
from cli.convert.outcome import End, Outcome, exit_code, shown, summary
from cli.pretty import clock, size

MAIL_SECONDS = 3.0
"""Seconds for which the timeline waits for the line about the mail."""
_MAIL = ("job.notified", "job.notification_failed", "job.notification_declined")


class ConvertedVideo(Struct, frozen=True, kw_only=True):
    """The end of one video, as `--json` prints it.

    `video` is the file, or the last part of an address. `file` has the audio; `-` is standard output, null:
    there is none. `exit_code` is what the command would have ended with if this had been its only video.
    """

    video: str
    file: str | None
    end: End
    job_id: str
    audio: Audio | None
    error: str | None
    exit_code: int


class Report:
    """Prints the end of each video. `in_full`: there is but one, and its whole story is shown."""

    def __init__(self, gateway: Gateway, board: Board, *, in_full: bool, as_json: bool) -> None:
        self._gateway, self._board = gateway, board
        self._in_full, self._as_json = in_full, as_json
        self.outcomes: list[Outcome] = []

    def ended(self, outcome: Outcome) -> None:
        """Print the end of one video."""
        self.outcomes.append(outcome)
        self._board.count(len(self.outcomes), sum(not each.is_good for each in self.outcomes))
        if outcome.is_good:
            self._good(outcome)
        else:
            self._board.say(f"tonearm convert: {shown(outcome)}")
            if self._in_full and outcome.job:
                self._timeline(outcome.job)
        if self._as_json:
            self._board.document(msgspec.json.encode(line_of(outcome)))

    def all_ended(self) -> int:
        """Print the summary; return the exit code."""
        if not self._in_full:
            for line in summary(self.outcomes):
                self._board.say(line)
        return exit_code(self.outcomes)

    def go_on(self, courses: Sequence[Course]) -> None:
        """Print what goes on at the gateway after all has ended here, and how to take it up again."""
        self._board.say("")
        jobs = [course for course in courses if course.job_id and course.verb != DOWNLOADING]
        for course in jobs:
            kind = "import" if course.is_import else "job"
            self._board.say(f"{course.task.source.name}: the {kind} {course.job_id} goes on without you.")
        if jobs:
            ids = " ".join(course.job_id for course in jobs)
            self._board.say(
                f"Follow {'it' if len(jobs) == 1 else 'one'}:  {called(f'tail --job {jobs[0].job_id}')}"
            )
            self._board.say(f"Stop {'it' if len(jobs) == 1 else 'them'}:  {called(f'jobs cancel {ids}')}")
        if len(jobs) == 1:
            self._board.say(f"Its audio will be at  {self._gateway.url}/jobs/{jobs[0].job_id}/audio")
        if len(jobs) < sum(bool(course.job_id) for course in courses):
            self._board.say("What has been made is kept: the same command downloads it.")
        if any(course.verb == UPLOADING and course.task.source.file for course in courses):
            self._board.say("What has been uploaded is kept: the same command goes on with it.")

    def _good(self, outcome: Outcome) -> None:
        job, target = outcome.job, outcome.task.target
        if job is None or job.audio is None:
            return
        audio = job.audio
        if not self._as_json:
            how = {
                End.DOWNLOADED: f", converted before as job {job.job_id}; --again converts anew",
                End.UNCHANGED: f", there already, from job {job.job_id}; --again converts anew",
            }.get(outcome.end, "")
            (self._board.result if target else self._board.say)(f"{written(outcome)}{how}")
        name = outcome.task.source.name
        if audio.left_out:
            self._board.say(f"{name}: left out, without sound: {', '.join(audio.left_out)}")
        if audio.notice:
            self._board.say(f"tonearm convert: {name}: {audio.notice}")
        if self._in_full and outcome.end is End.CONVERTED:
            self._timeline(self._with_mail(job))

    def _timeline(self, job: Job) -> None:
        if not self._as_json:
            self._board.story(job.timeline)

    def _with_mail(self, job: Job) -> Job:
        """Return the job with the line about the mail, if that comes soon."""
        deadline = time.monotonic() + (0 if self._as_json else MAIL_SECONDS)
        with suppress(ClientError):  # the audio is here all the same
            while time.monotonic() < deadline:
                job = self._gateway.job(job.job_id)
                if any(entry.type in _MAIL for entry in job.timeline):
                    break
                time.sleep(0.1)
        return job


def written(outcome: Outcome) -> str:
    """Return where the audio of a good end is, and how much there is of it."""
    target, audio = outcome.task.target, outcome.job.audio if outcome.job else None
    if audio is None:
        return ""
    files = f", {audio.parts} files" if audio.parts else ""
    place = target or "written to standard output"
    return f"{place} ({clock(audio.duration_seconds)}, {size(audio.bytes)}{files})"


def line_of(outcome: Outcome) -> ConvertedVideo:
    """Return the outcome for programs."""
    source, target = outcome.task.source, outcome.task.target
    return ConvertedVideo(
        video=_as_text(source.file) if source.file else source.name,
        file=(_as_text(target) if target else "-") if outcome.is_good else None,
        end=outcome.end,
        job_id=outcome.job_id,
        audio=outcome.job.audio if outcome.job else None,
        error=outcome.why or None,
        exit_code=int(outcome.code),
    )


def _as_text(path: Path) -> str:
    """Return a path as JSON can have it: what is no UTF-8 becomes U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")
