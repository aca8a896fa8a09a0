"""The effects that a story asks for, and how often each was produced. Pure.

An effect is something done to the world: a stored file, a mail, a file removed. The log asks for it by one
event and has its outcome in another. Elsewhere is what was really produced: the files in GridFS, and
the notifier's notes of each try to send a mail.

    video     a job of its own upload       the file it names
    audio     each run                      the files that its attempts have stored
    mail      the end of each run           the tries that the mail server accepted
    letter    account.letter_requested,     the same
              hook.disabled
    delivery  hook.requested                hook.delivered
    erasure   job.deleted, job.…_removed    job.erased, and no file left
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field

from events.ids import event_id
from events.projections.job_view import Entry, JobView
from events.types import (
    AccountNotificationFailed,
    AccountNotified,
    HookNotificationFailed,
    HookNotified,
    JobAudioRemoved,
    JobConverted,
    JobDeleted,
    JobErased,
    JobFailed,
    JobNotificationDeclined,
    JobNotificationFailed,
    JobNotified,
    JobRequeued,
    JobUploaded,
    JobVideoRemoved,
)

_BEGINNINGS = (JobUploaded.TYPE, JobRequeued.TYPE)
_MAILED = (JobConverted.TYPE, JobFailed.TYPE)
"""Ends that ask for a mail."""
_ANSWERS = (JobNotified.TYPE, JobNotificationFailed.TYPE, JobNotificationDeclined.TYPE)
_SENT = (AccountNotified.TYPE, HookNotified.TYPE)
_NOT_SENT = (AccountNotificationFailed.TYPE, HookNotificationFailed.TYPE)
_REMOVALS = (JobDeleted.TYPE, JobVideoRemoved.TYPE, JobAudioRemoved.TYPE)


class Kind(StrEnum):
    """The kind of an effect."""

    VIDEO = "video"
    AUDIO = "audio"
    MAIL = "mail"
    LETTER = "letter"
    DELIVERY = "delivery"
    ERASURE = "erasure"


class Verdict(StrEnum):
    """The comparison of an effect with what was asked for."""

    DONE = "done"
    ANSWERED = "answered"
    """There is none, and the log says why: the run failed, the mail was refused or not wanted, …"""
    OPEN = "open"
    """Not yet: it waits, is under way, or was asked for a moment ago."""
    LEFT = "left"
    """A file too many, such as that of an attempt which another overtook. The gateway's sweep removes it."""
    TWICE = "twice"
    NEVER = "never"
    UNASKED = "unasked"
    """Produced although nothing in the log asks for it, or not any more."""


BROKEN = frozenset({Verdict.TWICE, Verdict.NEVER, Verdict.UNASKED})


class Effect(Struct, frozen=True, kw_only=True):
    """One effect. `subject` is its job, the account of a letter, or a webhook; `run` is 0 outside a run.

    `about` is the type of the event that asks, or the letter's name. `attempts` are those that produced it; 0
    where that is not recorded. `maybe` counts tries at a mail of which nobody knows how they ended. `answer`
    is the type of the event that has its outcome.
    """

    kind: Kind
    subject: str
    run: int = 0
    about: str = ""
    asked: int = 1
    produced: int
    attempts: tuple[int, ...]
    maybe: int = 0
    answer: str = ""
    verdict: Verdict


class File(Struct, frozen=True, kw_only=True, gc=False):
    """A stored file. `run` and `attempt` are 0 where they are not recorded."""

    id: str
    stored: datetime
    run: int = 0
    attempt: int = 0


class Note(Struct, frozen=True, gc=False):
    """The notifier's note of a mail: the attempts that sent it, and those that maybe did."""

    sent: tuple[int, ...] = ()
    maybe: tuple[int, ...] = ()


class Evidence(Struct, frozen=True, kw_only=True):
    """The evidence outside of the log: files by job, notes by the event that asks for the mail."""

    videos: Mapping[str, list[File]] = field(default_factory=dict)
    audio: Mapping[str, list[File]] = field(default_factory=dict)
    notes: Mapping[str, Note] = field(default_factory=dict)
    stored: Collection[str] = frozenset()
    """Of the videos that jobs name, those that are there."""


class Letter(Struct, kw_only=True):
    """A letter that was asked for, and the type of its answer."""

    account: str
    letter: str
    event_id: str
    time: datetime
    answer: str = ""


class Moment(Struct, frozen=True, kw_only=True):
    """The moment at which the ledger is drawn up, and what may still be under way then."""

    now: datetime
    grace: timedelta
    """The age from which on something that is missing or left over counts as wrong."""
    sweep: timedelta = timedelta()
    """The age from which on the gateway's sweep should have removed a file that belongs to no job."""
    waiting: frozenset[Kind] = frozenset()
    """Kinds whose work waits in a queue."""
    busy: frozenset[str] = frozenset()
    """Jobs and accounts that a worker is at work on."""

    def is_open(self, kind: Kind, subject: str, since: datetime) -> bool:
        """Return True if an effect that was asked for then may still come."""
        return kind in self.waiting or subject in self.busy or self.is_young(since)

    def is_young(self, since: datetime) -> bool:
        """Return True if this was a moment ago."""
        return self.now - since < self.grace

    def overdue(self, files: Iterable[File]) -> list[File]:
        """Return those of files that nobody needs which the sweep should have removed by now."""
        return [file for file in files if self.now - file.stored >= self.sweep]


def of_job(view: JobView, evidence: Evidence, moment: Moment) -> Iterator[Effect]:
    """Yield the effects of one job."""
    book = _Book(view, evidence, moment)
    yield from book.video()
    for entry in view.timeline:
        if entry.type in _BEGINNINGS:
            yield book.audio(entry)
        elif entry.type in _MAILED:
            yield from book.mail(entry)
        elif entry.type in _REMOVALS:
            yield book.erasure(entry)


def of_letter(letter: Letter, evidence: Evidence, moment: Moment) -> Effect:
    """Return the effect of a letter."""
    note = evidence.notes.get(letter.event_id, Note())
    produced = max(len(note.sent), int(letter.answer in _SENT))
    is_open = moment.is_open(Kind.LETTER, letter.account, letter.time)
    return Effect(
        kind=Kind.LETTER,
        subject=letter.account,
        about=letter.letter,
        produced=produced,
        attempts=note.sent or (0,) * produced,
        maybe=len(note.maybe),
        answer=letter.answer,
        verdict=_verdict(produced, answered=letter.answer in _NOT_SENT, is_open=is_open),
    )


def of_nobody(kind: Kind, job_id: str, files: Iterable[File], moment: Moment) -> Iterator[Effect]:
    """Yield the effects of files whose job is not in the log: uploads that never became one, mostly."""
    for file in files:
        left = Verdict.UNASKED if moment.overdue([file]) else Verdict.LEFT
        yield Effect(
            kind=kind,
            subject=job_id,
            run=file.run,
            asked=0,
            produced=1,
            attempts=(file.attempt,),
            verdict=Verdict.OPEN if moment.is_young(file.stored) else left,
        )


class _Book:
    """The effects of one job."""

    def __init__(self, view: JobView, evidence: Evidence, moment: Moment) -> None:
        self._view, self._evidence, self._moment = view, evidence, moment
        self._videos = evidence.videos.get(view.job_id, [])
        self._audio = evidence.audio.get(view.job_id, [])

    def video(self) -> Iterator[Effect]:
        """Yield the effect of the upload; of a job that shares the video of another, only if that is gone."""
        view, video = self._view, self._view.video
        if video is None:
            return
        is_own = video.family in ("", view.job_id)
        more = [file for file in self._settled(self._videos) if is_own and file.id != video.video_id]
        gone = view.deletion is not None or view.video_removal is not None
        there = gone or video.video_id in self._evidence.stored
        if there and not is_own:
            return
        produced = int(there) + len(more)
        yield Effect(
            kind=Kind.VIDEO,
            subject=view.job_id,
            about=JobUploaded.TYPE,
            produced=produced,
            attempts=(0,) * produced,
            verdict=self._with_left(
                _verdict(int(there), is_open=False), more, _verdict(produced, is_open=False)
            ),
        )

    def audio(self, beginning: Entry) -> Effect:
        """Return the effect of a run: one file, or the reason why there is none."""
        view, run = self._view, beginning.run
        end, files = view.end_of(run), self._of_run(run)
        attempts = tuple(self._attempt_of(file) for file in files)
        if not files and _is_converted(end) and not self._is_kept(run):
            attempts = (end.attempt if end else 0,)  # it was there, and was removed or replaced
        return Effect(
            kind=Kind.AUDIO,
            subject=view.job_id,
            run=run,
            about=beginning.type,
            produced=len(attempts),
            attempts=tuple(sorted(attempts)),
            answer=end.type if end else JobDeleted.TYPE if view.deletion else "",
            verdict=self._of_audio(run, end, files),
        )

    def _of_audio(self, run: int, end: Entry | None, files: Sequence[File]) -> Verdict:
        view, settled = self._view, self._settled(files)
        if view.deletion is not None:  # its erasure is an effect of its own
            return Verdict.DONE if _is_converted(end) else Verdict.ANSWERED
        if end is None and view.run == run:
            if self._moment.is_open(Kind.AUDIO, view.job_id, view.updated):
                return Verdict.OPEN
            return Verdict.TWICE if len(settled) > 1 else Verdict.NEVER
        if not _is_converted(end):
            return self._with_left(Verdict.ANSWERED, settled, Verdict.UNASKED)
        audio_id = view.result.audio_id if view.result else ""
        if not self._is_kept(run):  # one may be there until it is swept
            return self._with_left(Verdict.DONE, settled[1:], Verdict.TWICE)
        if all(file.id != audio_id for file in files):
            return Verdict.NEVER
        others = [file for file in settled if file.id != audio_id]
        return self._with_left(Verdict.DONE, others, Verdict.TWICE)

    def _with_left(self, verdict: Verdict, left: Sequence[File], overdue: Verdict) -> Verdict:
        """Return the verdict, unless there are files that nobody needs."""
        if self._moment.overdue(left):
            return overdue
        return Verdict.LEFT if left else verdict

    def mail(self, end: Entry) -> Iterator[Effect]:
        """Yield the effect of an end that asks for a mail; of one that does not count, if a mail went out."""
        view, run = self._view, end.run
        note = self._evidence.notes.get(end.id, Note())
        answers = [type_ for type_ in _ANSWERS if view.has(event_id(view.job_id, type_, run, end.type))]
        produced = max(len(note.sent), int(JobNotified.TYPE in answers))
        counts = end is view.end_of(run)
        if not counts and not produced:
            return
        if view.deletion is not None and not answers:
            answers = [JobDeleted.TYPE]
        is_open = self._moment.is_open(Kind.MAIL, view.job_id, end.time)
        verdict = _verdict(produced, answered=bool(answers), is_open=is_open)
        yield Effect(
            kind=Kind.MAIL,
            subject=view.job_id,
            run=run,
            about=end.type,
            asked=int(counts),
            produced=produced,
            attempts=note.sent or (0,) * produced,
            maybe=len(note.maybe),
            answer=answers[0] if answers else "",
            verdict=verdict if counts else Verdict.UNASKED,
        )

    def erasure(self, cause: Entry) -> Effect:
        """Return the effect of a deletion or removal. A file that is left means that it is not done."""
        view, is_young = self._view, self._moment.is_young(cause.time)
        erased = view.has(event_id(view.job_id, JobErased.TYPE, cause.id))
        done = erased and (is_young or not self._left(cause))
        return Effect(
            kind=Kind.ERASURE,
            subject=view.job_id,
            run=cause.run,
            about=cause.type,
            produced=int(done),
            attempts=(0,) * done,
            answer=JobErased.TYPE if erased else "",
            verdict=_verdict(int(done), is_open=is_young),
        )

    def _left(self, cause: Entry) -> bool:
        if cause.type == JobAudioRemoved.TYPE:
            return bool(self._of_run(cause.run))
        if cause.type == JobDeleted.TYPE:
            video, erasure = self._view.video, self._view.erasure
            stored = self._videos or (video is not None and video.video_id in self._evidence.stored)
            return bool(self._audio or (stored and not (erasure and erasure.video_kept)))
        return False  # other jobs of the family may need the video

    def _is_kept(self, run: int) -> bool:
        """Return True if the run's audio is the job's, and was not removed."""
        result = self._view.result
        if result is None or result.run != run or self._view.deletion is not None:
            return False
        removals = (entry.run for entry in self._view.timeline if entry.type == JobAudioRemoved.TYPE)
        return run not in removals

    def _of_run(self, run: int) -> list[File]:
        return [file for file in self._audio if self._run_of(file) == run]

    def _run_of(self, file: File) -> int:
        audio = self._view.audio
        return file.run or (audio.run if audio and audio.audio_id == file.id else self._view.run)

    def _attempt_of(self, file: File) -> int:
        result = self._view.result
        end = self._view.end_of(result.run) if result and result.audio_id == file.id else None
        return file.attempt or (end.attempt if end else 0)

    def _settled(self, files: Iterable[File]) -> list[File]:
        """Return those that are not new: a worker may store one, and a sweeper be about to remove another."""
        return [file for file in files if not self._moment.is_young(file.stored)]


def _is_converted(end: Entry | None) -> bool:
    return end is not None and end.type == JobConverted.TYPE


def _verdict(produced: int, *, is_open: bool, answered: bool = False) -> Verdict:
    if produced:
        return Verdict.DONE if produced == 1 else Verdict.TWICE
    if answered:
        return Verdict.ANSWERED
    return Verdict.OPEN if is_open else Verdict.NEVER
