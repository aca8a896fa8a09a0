"""The checker: holds what everybody saw against what everybody was promised.

It reads the clients' history, the log, the stored views, the blobs and the mails, all taken after the
dust has settled, and returns every broken promise as a sentence. It is pure; `snapshot` gathers its input.
"""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from events.envelope import Recorded
from events.payload import Aggregate
from events.projections.job_view import SETTLED, JobView, State
from events.projections.jobs import fold
from events.projections.usage import Usage, moved
from events.types import JobConverted, JobFailed


class Upload(Struct, frozen=True, kw_only=True):
    """One client's upload: `job_id` is None when no answer came, `sha256` is of the bytes sent,
    `audio_sha256` of what it downloaded, `watched` the ids of the job's events as they were shown to it."""

    key: str
    job_id: str | None
    expected: State
    owner: str
    sha256: str
    audio_sha256: str | None = None
    watched: tuple[str, ...] = ()


class Blob(Struct, frozen=True, kw_only=True):
    """A stored file; `whole`: its chunks add up to its length, and `sha256` is theirs."""

    id: str
    sha256: str
    whole: bool


class Mail(Struct, frozen=True, kw_only=True):
    """A mail as it lies in the mailbox."""

    message_id: str
    recipient: str
    subject: str


class World(Struct, frozen=True, kw_only=True):
    """Everything there is to see."""

    uploads: list[Upload]
    log: list[Recorded]
    views: dict[str, JobView]
    usages: dict[str, Usage]
    videos: dict[str, Blob]
    audio: dict[str, Blob]
    orphan_chunks: int
    mails: list[Mail]
    queued: dict[str, int]


def check(world: World) -> list[str]:
    """Return every broken promise; an empty list means that all were kept."""
    return [
        *_log(world),
        *_uploads(world),
        *_views(world),
        *_usage(world),
        *_blobs(world),
        *_mails(world),
        *_queues(world),
    ]


def _log(world: World) -> Iterator[str]:
    offsets = [recorded.offset for recorded in world.log]
    if offsets != sorted(set(offsets)):
        yield "the log's offsets do not grow"
    meanings: dict[str, tuple[str, str]] = {}
    for recorded in world.log:
        event = recorded.event
        meaning = (event.type, event.subject)
        if meanings.setdefault(event.id, meaning) != meaning:
            yield f"event id {event.id} stands for {meaning} and for {meanings[event.id]}"


def _uploads(world: World) -> Iterator[str]:
    logged = {r.event.subject for r in world.log if r.event.type == "job.uploaded"}
    acknowledged = [upload for upload in world.uploads if upload.job_id is not None]
    for upload in acknowledged:
        job_id = upload.job_id or ""
        view = world.views.get(job_id)
        if job_id not in logged:
            yield f"upload {upload.key} was acknowledged as {job_id} and is not in the log"
        if view is None:
            yield f"job {job_id} has no view"
        elif view.state not in SETTLED:
            yield f"job {job_id} never ended: it is {view.state}"
        elif view.state is not upload.expected:
            yield f"job {job_id} is {view.state} and should be {upload.expected}"
        if view is not None and view.result is not None and upload.audio_sha256 != view.result.sha256:
            yield f"job {job_id}: what was downloaded is not what was converted"
        if view is not None and view.video is not None and view.video.sha256 != upload.sha256:
            yield f"job {job_id}: what is told of its video is not what was sent"
        if view is not None:
            ids = [entry.id for entry in view.timeline]
            shown = [ids.index(id_) if id_ in ids else -1 for id_ in upload.watched]
            if shown != list(range(len(shown))):
                yield f"job {job_id}: shown live were places {shown} of its timeline, not each once in order"
    for given, count in Counter(upload.job_id for upload in acknowledged).items():
        if count > 1:
            yield f"job {given} was given to {count} uploads"
    unanswered = sum(upload.job_id is None for upload in world.uploads)
    extra = logged - {upload.job_id for upload in acknowledged}
    if len(extra) > unanswered:
        yield f"{len(extra)} jobs are in the log that no client began"


def _by_job(world: World) -> dict[str, list[Recorded]]:
    by_job: dict[str, list[Recorded]] = {}
    for recorded in world.log:
        if recorded.event.aggregate is Aggregate.JOB:
            by_job.setdefault(recorded.event.subject, []).append(recorded)
    return by_job


def _usage(world: World) -> Iterator[str]:
    views = [view for events in _by_job(world).values() if (view := fold(events))]
    told = moved({}, ((None, view) for view in views))
    for account in told.keys() | world.usages.keys():
        if told.get(account) != world.usages.get(account):
            yield f"account {account}: the stored usage is not what its jobs add up to"


def _views(world: World) -> Iterator[str]:
    by_job = _by_job(world)
    for job_id in by_job.keys() | world.views.keys():
        if fold(by_job.get(job_id, [])) != world.views.get(job_id):
            yield f"job {job_id}: the stored view is not the fold of its events"
    for view in world.views.values():
        ends = Counter(
            (entry.run, entry.type)
            for entry in view.timeline
            if entry.type in (JobConverted.TYPE, JobFailed.TYPE, "job.notified")
        )
        for (run, type_), count in ends.items():
            if count > 1:
                yield f"job {view.job_id}: run {run} shows {type_} {count} times"


def _blobs(world: World) -> Iterator[str]:
    wanted_audio, wanted_videos = set[str](), set[str]()
    for view in world.views.values():
        if view.deletion is not None:
            if view.erasure is None:
                yield f"job {view.job_id} was deleted, and nobody told that its files are gone"
            continue
        if view.result is not None and view.audio_gone is None:
            wanted_audio.add(view.result.audio_id)
            blob = world.audio.get(view.result.audio_id)
            if blob is None or not blob.whole or blob.sha256 != view.result.sha256:
                yield f"job {view.job_id}: its audio is missing or damaged"
        if view.video is not None and view.video_removal is None:
            wanted_videos.add(view.video.video_id)
            blob = world.videos.get(view.video.video_id)
            if blob is None or not blob.whole or blob.sha256 != view.video.sha256:
                yield f"job {view.job_id}: its video is missing or damaged"
    for kind, stored, wanted in (
        ("audio", world.audio, wanted_audio),
        ("video", world.videos, wanted_videos),
    ):
        for orphan in stored.keys() - wanted:
            yield f"{kind} {orphan} belongs to no job and was not swept"
    if world.orphan_chunks:
        yield f"{world.orphan_chunks} chunks belong to no file and were not swept"


def _mails(world: World) -> Iterator[str]:
    """Two copies with one Message-ID are one mail to every mail program (RFC 5322, 3.6.4)."""
    seen = {mail.message_id for mail in world.mails}
    expected: dict[str, str] = {}
    for view in world.views.values():
        for entry in view.timeline:
            if entry.type in (JobConverted.TYPE, JobFailed.TYPE) and view.end_of(entry.run) is entry:
                expected[entry.id] = view.job_id
    owners = {upload.job_id: upload.owner for upload in world.uploads}
    for mail in world.mails:
        job_id = expected.get(mail.message_id.strip("<>").partition("@")[0], "")
        if mail.recipient != owners.get(job_id, mail.recipient):
            yield f"job {job_id}: a mail about it went to {mail.recipient}"
    told = Counter(message_id.strip("<>").partition("@")[0] for message_id in seen)
    for event_id, job_id in expected.items():
        view = world.views[job_id]
        if told[event_id] != 1 and not (view.deletion and told[event_id] == 0):
            yield f"job {job_id}: {told[event_id]} different mails tell of its end"
    for event_id in told.keys() - expected.keys():
        yield f"a mail tells of {event_id}, which no view shows"


def _queues(world: World) -> Iterator[str]:
    for queue, depth in world.queued.items():
        if depth:
            yield f"{depth} messages are left in {queue}"
