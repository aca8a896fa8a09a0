"""The routes of podcast clients: a feed, and what its episodes are made of. Its token is all that they have.

A client is given what its feed lists, and nothing else of the account.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Response, get, route
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from events.projections.job_view import JobView
from gateway.callers.guard import AnyRequest
from gateway.errors import (
    BadParameters,
    Crowded,
    FeedRevoked,
    JobGone,
    NoAudio,
    NoCover,
    NoSuchFeed,
    NoSuchJob,
    NoSuchTranscript,
    TooManyDownloads,
)
from gateway.feeds import rss
from gateway.feeds.addresses import Addresses
from gateway.feeds.chapters import JsonChapters, as_json, chapters_of
from gateway.feeds.contents import Contents
from gateway.feeds.episodes import Page, channel_of, episode_of, is_episode
from gateway.feeds.feeds import Feeds
from gateway.feeds.remembered import RememberedFeeds
from gateway.feeds.store import Feed
from gateway.handover import audio, ranged, sleeve
from gateway.handover.audio import Shelf
from gateway.handover.ranged import READING, named
from gateway.http import ranges
from gateway.http.assets import Asset, asset, serve
from gateway.http.conditional import IF_NONE_MATCH
from gateway.http.contract import ANYBODY, TEXT, Answer, Contract, Error
from gateway.transcripts import routes as transcripts
from gateway.transcripts.library import Library

_TAGS = ["feeds"]
_ENDING = ".rss"
_PRIVATE = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
_VARY = "Accept-Encoding"
_NOT_MODIFIED = Answer("You have it already", headers=("ETag",))
_ERRORS: tuple[Error, ...] = (NoSuchFeed, FeedRevoked)
_OF_JOB: tuple[Error, ...] = (*_ERRORS, NoSuchJob, JobGone)


@get(
    "/f/{file:str}",
    operation_id="getFeed",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*_ERRORS, BadParameters, Crowded),
        headers=(IF_NONE_MATCH,),
        answers={200: Answer("RSS 2.0", {rss.MEDIA_TYPE: TEXT}, ("ETag",)), 304: _NOT_MODIFIED},
        takes_any_parameter=True,
    ).opt,
)
async def show_feed(
    request: AnyRequest,
    file: FromPath[str],
    feeds: NamedDependency[Feeds],
    contents: NamedDependency[Contents],
    remembered: NamedDependency[RememberedFeeds],
    cursor: Annotated[str, QueryParameter(description="From the `next` link of the page before.")] = "",
) -> Response[Any]:
    """Get a page of a feed, newest episodes first, for podcast clients. The file is its token and `.rss`."""
    token, ending, rest = file.partition(_ENDING)
    if not ending or rest:
        raise NoSuchFeed("there is no feed at this address")
    feed = await feeds.opened(token)
    # A process that does not hear of events must not answer by what it remembers.
    pages = remembered.of(feed.account) if contents.live.caught_up else {}
    if known := _known(request, pages.get((feed.feed_id, cursor), ())):
        return Response(b"", status_code=304, headers={**_PRIVATE, "ETag": known, "Vary": _VARY})
    page = await contents.page(feed, cursor)
    made = await asyncio.to_thread(_made, feed, page, feeds.addresses(feed))
    pages[feed.feed_id, cursor] = made.etag, made.packed_etag
    return serve(request, made, _PRIVATE)


@route(
    "/f/{token:str}/{file:str}",
    http_method=READING,
    status_code=200,
    operation_id=named("getEpisode"),
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*_OF_JOB, NoAudio, TooManyDownloads, Crowded, *ranged.ERRORS),
        headers=ranged.HEADERS,
        answers=audio.ANSWERS,
        takes_any_parameter=True,
    ).opt,
)
async def episode_audio(
    request: AnyRequest,
    token: FromPath[str],
    file: FromPath[str],
    feeds: NamedDependency[Feeds],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Get an episode's audio, whole or in part. The file is the job's id, and the ending of its format."""
    job_id, _, _ = file.partition(".")
    feed = await feeds.opened(token)
    view = await _listed(feed, job_id, shelf)
    if not feeds.addresses(feed).audio(view).endswith(f"/{file}"):
        raise NoSuchJob("there is no such file in this feed")
    return await audio.answer(request, view, shelf)


@get(
    "/f/{token:str}/{job_id:str}/chapters.json",
    operation_id="getEpisodeChapters",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=_OF_JOB,
        headers=(IF_NONE_MATCH,),
        answers={
            200: Answer("The chapters", {rss.CHAPTERS_TYPE: JsonChapters}, ("ETag",)),
            304: _NOT_MODIFIED,
        },
        takes_any_parameter=True,
    ).opt,
)
async def episode_chapters(
    request: AnyRequest,
    token: FromPath[str],
    job_id: FromPath[str],
    feeds: NamedDependency[Feeds],
    shelf: NamedDependency[Shelf],
) -> Response[bytes]:
    """Get an episode's chapters, at the times of its audio."""
    view = await _listed(await feeds.opened(token), job_id, shelf)
    chapters = await chapters_of(shelf.audio, view)
    return serve(request, asset(as_json(chapters), rss.CHAPTERS_TYPE), _PRIVATE)


@get(
    "/f/{token:str}/{job_id:str}/cover",
    operation_id="getEpisodeCover",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*_OF_JOB, NoAudio, NoCover, TooManyDownloads, Crowded),
        headers=(IF_NONE_MATCH,),
        answers=sleeve.COVER_ANSWERS,
        takes_any_parameter=True,
    ).opt,
)
async def episode_cover(
    request: AnyRequest,
    token: FromPath[str],
    job_id: FromPath[str],
    feeds: NamedDependency[Feeds],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Get the cover that lies in an episode's audio."""
    return await sleeve.cover_of(request, await _listed(await feeds.opened(token), job_id, shelf), shelf)


@get(
    "/f/{token:str}/{job_id:str}/transcripts/{name:str}",
    operation_id="getEpisodeTranscript",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*_OF_JOB, NoSuchTranscript),
        headers=(IF_NONE_MATCH,),
        answers=transcripts.ANSWERS,
        takes_any_parameter=True,
    ).opt,
)
async def episode_transcript(
    request: AnyRequest,
    token: FromPath[str],
    job_id: FromPath[str],
    name: FromPath[str],
    feeds: NamedDependency[Feeds],
    shelf: NamedDependency[Shelf],
    library: NamedDependency[Library],
) -> Response[Any]:
    """Get what is said in an episode: a transcript's id, and .vtt, .srt or .json."""
    view = await _listed(await feeds.opened(token), job_id, shelf)
    return await transcripts.answer(request, view, name, library)


async def _listed(feed: Feed, job_id: str, shelf: Shelf) -> JobView:
    """Return a job that the feed lists. Raises NoSuchJob, JobGone, Unavailable."""
    try:
        view = await shelf.own_jobs.get(feed.account, job_id)
    except JobGone:  # its receipt is its owner's
        raise JobGone("this recording was deleted") from None
    if not is_episode(view) or not feed.selection.has(view):
        raise NoSuchJob("there is no such recording in this feed")
    return view


def _made(feed: Feed, page: Page, addresses: Addresses) -> Asset:
    episodes = [episode_of(each, addresses) for each in page.recordings]
    return asset(rss.written(channel_of(feed, page, addresses), episodes), rss.MEDIA_TYPE)


def _known(request: AnyRequest, etags: Sequence[str]) -> str:
    """Return the one of these tags that the client has; empty: none."""
    given = request.headers.get("if-none-match", "")
    return next((each for each in etags if ranges.matches(given, each, strong=False)), "")


ROUTES: Sequence[Any] = [show_feed, episode_audio, episode_chapters, episode_cover, episode_transcript]
