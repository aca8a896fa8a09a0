"""The routes of transcripts: what a job's audio says, as WebVTT, SubRip or JSON."""

from typing import Annotated, Any, Literal

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from events.projections.job_view import Audio, JobView
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import (
    BadTranscript,
    BodyCutOff,
    BodyStalled,
    BodyTooLarge,
    JobGone,
    NoAudio,
    NoSuchJob,
    NoSuchTranscript,
    NotGiven,
    TooManyTranscripts,
)
from gateway.handover.audio import Shelf
from gateway.handover.pauses import time_map_of
from gateway.http import conditional
from gateway.http.bodies import Limit, check_length, incoming
from gateway.http.conditional import IF_NONE_MATCH, answers
from gateway.http.contract import SOME_BYTES, TEXT, Answer, Body, Contract
from gateway.http.filenames import attachment, audio_name
from gateway.jobs.outcome import audio_of
from gateway.jobs.own_jobs import OwnJobs
from gateway.transcripts import listing
from gateway.transcripts.library import Library
from gateway.transcripts.listing import transcript_of, transcripts_of
from service.http.patience import Patience
from service.scopes import MANAGE, READ
from service.transcripts.cues import Cue, moved
from service.transcripts.reading import MOST_BYTES, NotATranscript
from service.transcripts.writing import as_json, as_subrip

WEBVTT, SUBRIP, JSON = "text/vtt", "application/x-subrip", "application/json"
"""Media types. That of SubRip is registered nowhere; podcasts have it so."""
_TYPES = {"vtt": WEBVTT, "srt": SUBRIP, "json": JSON}
_HEADERS = ("ETag", "Cache-Control", "Vary", "Content-Disposition")
ANSWERS = {
    200: Answer("The text", dict.fromkeys(_TYPES.values(), TEXT), _HEADERS),
    304: Answer("You have it already", headers=_HEADERS),
}
"""What `answer` answers, for the contract of a route."""
_LIMIT = Limit(MOST_BYTES, words="a transcript may have {} bytes at most")

Language = Annotated[
    str,
    QueryParameter(
        max_length=35,
        pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$",
        description="The language of its text, by BCP 47 or ISO 639, such as en or pt-BR.",
    ),
]
Of = Annotated[
    Literal["audio", "video"],
    QueryParameter(
        description="What its times are of: the audio, or the video, by which they are moved as the audio was"
        " cut, sped up and trimmed."
    ),
]


class Transcript(listing.Transcript, frozen=True, kw_only=True):
    """One transcript of a job. The addresses are paths at this gateway."""

    webvtt_url: str
    subrip_url: str
    json_url: str


class Transcripts(Struct, frozen=True, kw_only=True):
    """The transcripts of a job, the best one first: yours, the last given first, then the video's own."""

    items: list[Transcript]


@get(
    "/jobs/{job_id:str}/transcripts",
    operation_id="listTranscripts",
    tags=["transcripts"],
    opt=Contract(scope=READ, errors=(NoSuchJob, JobGone), headers=(IF_NONE_MATCH,), answers=answers()).opt,
)
async def list_transcripts(
    request: AnyRequest, job_id: FromPath[str], own_jobs: NamedDependency[OwnJobs]
) -> Response[Transcripts]:
    """List what there is of a job's words: the video's subtitles, and the transcripts that you gave."""
    view = await own_jobs.get(caller_of(request).account, job_id)
    items = [_shown(view, each) for each in transcripts_of(view)]
    return conditional.view(request, Transcripts(items=items), view.seen)


@get(
    "/jobs/{job_id:str}/transcripts/{name:str}",
    operation_id="getTranscript",
    tags=["transcripts"],
    opt=Contract(
        scope=READ,
        errors=(NoSuchJob, JobGone, NoSuchTranscript),
        headers=(IF_NONE_MATCH,),
        answers=ANSWERS,
    ).opt,
)
async def transcript(
    request: AnyRequest,
    job_id: FromPath[str],
    name: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    library: NamedDependency[Library],
) -> Response[Any]:
    """Get a transcript: its id, and .vtt for WebVTT, .srt for SubRip, .json for the JSON of podcasts."""
    return await answer(request, await own_jobs.get(caller_of(request).account, job_id), name, library)


async def answer(request: AnyRequest, view: JobView, name: str, library: Library) -> Response[Any]:
    """Answer with a job's transcript, whoever may have it. `name`: its id, and `.vtt`, `.srt` or `.json`.

    Raises NoSuchTranscript, BlobDamaged, BlobRemoved, Unavailable.
    """
    transcript_id, _, ending = name.partition(".")
    if ending not in _TYPES:
        raise NoSuchTranscript("a transcript is called by its id, and .vtt, .srt or .json")
    found = transcript_of(view, transcript_id)
    known = conditional.private(f'"{found.sha256}-{ending}"')
    if not_modified := conditional.unchanged(request, known):
        return not_modified
    named = audio_name(view.filename, ".".join(filter(None, (found.language, ending))))
    headers = {**known, "Content-Disposition": attachment(named)}
    match ending:
        case "vtt":
            text = await library.webvtt(found)
        case "srt":
            text = as_subrip(await library.cues(found))
        case _:
            text = as_json(await library.cues(found))
    spelt = "; charset=utf-8" if ending == "srt" else ""  # of the others it is known
    return Response(text, media_type=_TYPES[ending] + spelt, headers=headers)


@post(
    "/jobs/{job_id:str}/transcripts",
    status_code=201,
    request_max_body_size=None,
    operation_id="addTranscript",
    tags=["transcripts"],
    opt=Contract(
        scope=MANAGE,
        errors=(
            NoSuchJob,
            JobGone,
            NoAudio,
            BadTranscript,
            BodyTooLarge,
            BodyStalled,
            BodyCutOff,
            TooManyTranscripts,
        ),
        body=Body({WEBVTT: SOME_BYTES, SUBRIP: SOME_BYTES}),
    ).opt,
)
async def add_transcript(
    request: AnyRequest,
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    library: NamedDependency[Library],
    shelf: NamedDependency[Shelf],
    language: Language = "",
    of: Of = "audio",
) -> Transcript:
    """Give a job's audio a transcript, as WebVTT or SubRip, whatever its media type says."""
    account = caller_of(request).account
    check_length(request.headers.get("content-length"), _LIMIT)
    _check(await own_jobs.get(account, job_id))
    cues = await _cues(request, library)
    view = await own_jobs.get(account, job_id)  # all of it has come, which may have taken its time
    made = _check(view)
    if of == "video":
        if (times := await time_map_of(shelf.audio, view)) is None:
            raise BadTranscript(
                "how the audio was cut is not known any more; give it at the audio's own times"
            )
        cues = moved(cues, times.in_audio)
    cues = tuple(each for each in cues if each.start < made.duration_seconds)
    if not cues:
        raise BadTranscript("none of its cues is inside the audio")
    return _shown(view, await library.add(view, cues, language))


@delete(
    "/jobs/{job_id:str}/transcripts/{name:str}",
    operation_id="deleteTranscript",
    tags=["transcripts"],
    status_code=204,
    opt=Contract(scope=MANAGE, errors=(NoSuchJob, JobGone, NoSuchTranscript, NotGiven)).opt,
)
async def remove_transcript(
    request: AnyRequest,
    job_id: FromPath[str],
    name: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    library: NamedDependency[Library],
) -> None:
    """Delete a transcript that you gave, by its id. Those of the video go with the audio."""
    view = await own_jobs.get(caller_of(request).account, job_id)
    found = transcript_of(view, name)
    if not found.given:
        raise NotGiven("this transcript is the video's own, and goes with the audio")
    await library.remove(view, found)


def _check(view: JobView) -> Audio:
    """Return the audio that the transcript would be of. Raises JobGone, NoAudio, BadTranscript."""
    made = audio_of(view)
    if made.parts:
        raise BadTranscript("the audio is a ZIP of chapters, which has no time that a transcript could go by")
    return made


async def _cues(request: AnyRequest, library: Library) -> tuple[Cue, ...]:
    """Read the body. Raises BadTranscript, BodyTooLarge, BodyStalled, BodyCutOff."""
    pieces = incoming(request.receive, limit=_LIMIT, patience=Patience())
    body = b"".join([piece async for piece in pieces])
    try:
        return await library.read(body)
    except NotATranscript as error:
        raise BadTranscript(str(error)) from error


def _shown(view: JobView, found: listing.Transcript) -> Transcript:
    path = f"/jobs/{view.job_id}/transcripts/{found.transcript_id}"
    return Transcript(
        **asdict(found), webvtt_url=f"{path}.vtt", subrip_url=f"{path}.srt", json_url=f"{path}.json"
    )


ROUTES: list[Any] = [list_transcripts, transcript, add_transcript, remove_transcript]
