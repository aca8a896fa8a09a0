"""The other end of a link: `/l/{token}`, for whoever has it. A page with a player, or the bytes of the audio.

The bytes come where they are asked for, by `?download` or by `Accept: audio/*`. All others get the page:
browsers, and the programs by which chats show what an address leads to, which take anything.
"""

from typing import Any, NamedTuple

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
from gateway.handover.links.mp3_clip import Clip
from gateway.handover.links.page import Shown
from gateway.handover.ranged import READING, Offer, named
from gateway.http import ranges
from gateway.http.contract import ANYBODY, BYTES, TEXT, Answer, Contract
from gateway.http.filenames import attachment, audio_name
from gateway.http.pages import sentence, wants_page
from gateway.http.problems import kind_of
from gateway.jobs.outcome import audio_of
from service.blobs import Blob
from service.http.preference import preferred


class _Visit(NamedTuple):
    """A request of somebody who follows a link, and what it needs."""

    request: AnyRequest
    view: JobView
    link: Link
    shelf: Shelf
    clips: Clips


_HTML = "text/html"
_CONTENT = {_HTML: TEXT, **dict.fromkeys((*MEDIA_TYPES.values(), ZIP), BYTES)}
_BYTES = ranged.answers(_CONTENT)
_GONE = "the audio is not here any more"
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
        visit = _Visit(request, *await links.followed(token), shelf, clips)
        if _wants_bytes(request, audio_of(visit.view)):
            return _private(await _bytes(visit))
        return await _page(visit, links.addresses.of(visit.link))
    except (NoSuchLink, LinkEnded, NoAudio, JobGone, NoClip) as error:
        told = error if isinstance(error, NoSuchLink | LinkEnded) else LinkEnded(_GONE)
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
    view, _ = await links.followed(token)
    try:
        return _private(await sleeve.cover_of(request, view, shelf))
    except (NoAudio, JobGone):
        raise LinkEnded(_GONE) from None


def _wants_bytes(request: AnyRequest, made: Audio) -> bool:
    if "download" in request.query_params:
        return True
    media_type, _ = offered_as(made.format, made.parts)
    return preferred(request, [_HTML, media_type, "application/octet-stream"]) not in (_HTML, None)


async def _bytes(visit: _Visit) -> Response[Any]:
    request, view, link, shelf, clips = visit
    if link.start is None or link.end is None:
        return await audio.answer(request, view, shelf)
    made, (blob, clip) = audio_of(view), await _clip(visit, link.start, link.end)
    version = ranges.Version(clip.size, f'"{made.sha256}-{link.start:g}-{link.end:g}"', made.time)
    part = f"{divided(view.filename)[0] or 'audio'} ({_told_time(link.start)}-{_told_time(link.end)})"
    disposition = attachment(audio_name(part, made.format.value))
    begun = ranged.decide(request, Offer(version, disposition, MEDIA_TYPES[made.format], "clip"))
    if isinstance(begun, Response):
        return begun
    read = clips.read(blob, clip, begun.first, begun.last)
    return begun.of(await shelf.begun(request, view.account, read))


async def _page(visit: _Visit, url: str) -> Response[Any]:
    view, link, shelf = visit.view, visit.link, visit.shelf
    made = audio_of(view)
    size, start, end = made.bytes, 0.0, made.duration_seconds
    if link.start is not None and link.end is not None:
        start, end = link.start, link.end
        size = (await _clip(visit, start, end))[1].size
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


async def _clip(visit: _Visit, start: float, end: float) -> tuple[Blob, Clip]:
    """Find the part of the audio, which reads as much of it as a download.

    Raises NoClip, BlobDamaged, JobGone, TooManyDownloads, Crowded, Unavailable.
    """
    view, shelf = visit.view, visit.shelf
    made = audio_of(view)
    if (blob := await shelf.audio.find(made.audio_id)) is None:
        audio_of(await shelf.own_jobs.get(view.account, view.job_id))  # it may just be deleted
        raise BlobDamaged(f"the audio {made.audio_id} of job {view.job_id} is not stored")
    with shelf.counted(visit.request, view.account):
        return blob, await visit.clips.find(blob, start, end)


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
