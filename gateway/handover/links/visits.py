"""The other end of a link: `/l/{token}`, for whoever has it. A page with a player, or the bytes of the audio.

The bytes come where they are asked for, by `?download` or by `Accept: audio/*`. All others get the page:
browsers, and the programs by which chats show what an address leads to, which take anything.
"""

from typing import Any

from litestar import Response, get, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from events.errors import TonearmError
from events.filenames import divided
from events.options import MEDIA_TYPES, ZIP, offered_as
from events.projections.job_view import Audio, JobView, Link
from gateway.callers.guard import AnyRequest
from gateway.errors import (
    BlobDamaged,
    Crowded,
    JobGone,
    LinkEnded,
    NoAudio,
    NoClip,
    NoCover,
    NoSuchLink,
    TooManyDownloads,
)
from gateway.handover import audio, ranged, sleeve
from gateway.handover.audio import Shelf
from gateway.handover.links import page
from gateway.handover.links.clips import Clips
from gateway.handover.links.groove import groove
from gateway.handover.links.links import Links
from gateway.handover.links.page import Shown
from gateway.handover.ranged import READING, Offer, named
from gateway.http import ranges
from gateway.http.contract import ANYBODY, BYTES, TEXT, Answer, Contract
from gateway.http.filenames import attachment
from gateway.http.pages import sentence, wants_page
from gateway.http.problems import kind_of
from gateway.jobs.outcome import audio_of
from service.blobs import Blob
from service.http.preference import preferred

_HTML = "text/html"
_CONTENT = {_HTML: TEXT, **dict.fromkeys((*MEDIA_TYPES.values(), ZIP), BYTES)}
_BYTES = ranged.answers(_CONTENT)
_ENDS = (NoSuchLink, LinkEnded, TooManyDownloads, Crowded)


@route(
    "/l/{token:str}",
    http_method=READING,
    status_code=200,
    operation_id=named("followLink"),
    tags=["sharing"],
    opt=Contract(
        scope=ANYBODY,
        errors=(*_ENDS, *ranged.ERRORS),
        headers=ranged.HEADERS,
        answers={**_BYTES, 200: Answer("A page with a player; with `?download` the audio", _CONTENT)},
        takes_any_parameter=True,  # chats and networks put their own behind every address
    ).opt,
)
async def follow_link(
    request: AnyRequest,
    token: FromPath[str],
    links: NamedDependency[Links],
    shelf: NamedDependency[Shelf],
    clips: NamedDependency[Clips],
) -> Response[Any]:
    """Listen to what somebody has handed on by a link, or download it with `?download`."""
    try:
        view, link = await _followed(links, token)
        made = audio_of(view)
        if _wants_bytes(request, made):
            return _private(await _bytes(request, view, link, shelf, clips))
        return await _page(links.addresses.of(link), view, link, shelf, clips)
    except (NoSuchLink, LinkEnded, NoAudio, JobGone, NoClip) as error:
        told = (
            error
            if isinstance(error, NoSuchLink | LinkEnded)
            else LinkEnded("the audio is not here any more")
        )
        if not wants_page(request):
            raise told from error
        return _told(told)


@get(
    "/l/{token:str}/cover",
    operation_id="getLinkCover",
    tags=["sharing"],
    opt=Contract(
        scope=ANYBODY,
        errors=(*_ENDS, NoCover),
        answers={200: Answer("The picture", dict.fromkeys(sleeve.PICTURES.values(), BYTES))},
        takes_any_parameter=True,
    ).opt,
)
async def link_cover(
    request: AnyRequest,
    token: FromPath[str],
    links: NamedDependency[Links],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Get the picture of what somebody has handed on by a link."""
    view, _ = await _followed(links, token)
    try:
        return _private(await sleeve.cover_of(request, view, shelf))
    except (NoAudio, JobGone):
        raise LinkEnded("the audio is not here any more") from None


async def _followed(links: Links, token: str) -> tuple[JobView, Link]:
    return await links.followed(token)


def _wants_bytes(request: AnyRequest, made: Audio) -> bool:
    if "download" in request.query_params:
        return True
    media_type, _ = offered_as(made.format, made.parts)
    return preferred(request, [_HTML, media_type, "application/octet-stream"]) not in (_HTML, None)


async def _bytes(request: AnyRequest, view: JobView, link: Link, shelf: Shelf, clips: Clips) -> Response[Any]:
    if link.start is None or link.end is None:
        return await audio.answer(request, view, shelf)
    made, blob = audio_of(view), await _blob(view, shelf)
    clip = await clips.find(blob, link.start, link.end)
    version = ranges.Version(clip.size, f'"{made.sha256}-{link.start:g}-{link.end:g}"', made.time)
    name = f"{divided(view.filename)[0] or 'audio'} ({_told_time(link.start)}-{_told_time(link.end)}).mp3"
    begun = ranged.decide(request, Offer(version, attachment(name), MEDIA_TYPES[made.format], "clip"))
    if isinstance(begun, Response):
        return begun
    read = clips.read(blob, clip, begun.first, begun.last)
    return begun.of(await shelf.begun(request, view.account, read))


async def _page(url: str, view: JobView, link: Link, shelf: Shelf, clips: Clips) -> Response[Any]:
    made = audio_of(view)
    size, start, end = made.bytes, 0.0, made.duration_seconds
    if link.start is not None and link.end is not None:
        size = (await clips.find(await _blob(view, shelf), link.start, link.end)).size
        start, end = link.start, link.end
    peaks = (await shelf.audio.measured(made.audio_id))[: made.peaks] if made.peaks else b""
    kind = f"{made.format.upper()} in {made.parts} files" if made.parts else made.format.upper()
    shown = Shown(
        url=url,
        name=divided(view.filename)[0] or "Audio",
        kind=kind,
        bytes=size,
        seconds=end - start,
        whole=made.duration_seconds,
        start=start,
        expires=link.expires,
        groove=groove(peaks, start, end),
        playable=not made.parts,
        has_cover=bool(made.cover_bytes),
    )
    return page.show(shown)


async def _blob(view: JobView, shelf: Shelf) -> Blob:
    """Raise BlobDamaged, JobGone, Unavailable."""
    made = audio_of(view)
    if (blob := await shelf.audio.find(made.audio_id)) is None:
        audio_of(await shelf.own_jobs.get(view.account, view.job_id))  # it may just be deleted
        raise BlobDamaged(f"the audio {made.audio_id} of job {view.job_id} is not stored")
    return blob


def _private(answer: Response[Any]) -> Response[Any]:
    answer.headers.update({"X-Robots-Tag": "noindex, nofollow"})
    return answer


def _told(error: TonearmError) -> Response[Any]:
    kind = kind_of(error)
    return page.ended(kind.title, sentence(str(error)), kind.status)


def _told_time(seconds: float) -> str:
    """Return a time as file names may have it."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest:02}s"


ROUTES = [follow_link, link_cover]
