"""From jobs to the episodes of a feed. Pure."""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID, uuid5

from msgspec import Struct

from events.filenames import divided
from events.media import Chapter
from events.options import Options, offered_as
from events.projections.job_view import JobView
from events.texts import is_seen, one_line
from events.views.selection import options_of
from gateway.feeds.addresses import Addresses
from gateway.feeds.rss import Channel, Episode, TextTrack
from gateway.feeds.store import Feed
from gateway.transcripts.listing import Transcript, transcripts_of
from gateway.transcripts.routes import SUBRIP, WEBVTT

_PODCASTS = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The namespace of the ids of podcasts: https://podcasting2.org/docs/podcast-namespace/tags/guid."""
_TEXTS = {"vtt": WEBVTT, "srt": SUBRIP}
_MOST_LANGUAGES = 10
"""Of an episode's transcripts."""
_DESCRIPTION = "Recordings converted by Tonearm. This feed is private: whoever has its address can hear them."


class Recording(Struct, frozen=True):
    """A job with audio, and the chapters that the audio has."""

    view: JobView
    chapters: tuple[Chapter, ...] = ()


class Page(Struct, frozen=True, kw_only=True):
    """A page of a feed, newest first. Empty: `cursor` of the first page, `next_cursor` of the last."""

    recordings: Sequence[Recording]
    cursor: str = ""
    next_cursor: str = ""


def is_episode(view: JobView) -> bool:
    """Return True if the job has audio that a client can play: a ZIP of chapters it cannot."""
    audio = view.result
    return audio is not None and not audio.parts and view.audio_gone is None and view.deletion is None


def channel_of(feed: Feed, page: Page, addresses: Addresses) -> Channel:
    """Return the head of a feed's page."""
    return Channel(
        guid=str(uuid5(_PODCASTS, feed.feed_id)),
        title=feed.name,
        description=_DESCRIPTION,
        url=addresses.after(page.cursor) if page.cursor else addresses.feed,
        first_url=addresses.feed,
        next_url=addresses.after(page.next_cursor) if page.next_cursor else "",
        page_url=addresses.page,
        image_url=addresses.image,
        changed=max([feed.created, *(each.view.updated for each in page.recordings)]),
    )


def episode_of(recording: Recording, addresses: Addresses) -> Episode:
    """Return the episode that a job is (see `is_episode`)."""
    view, chapters = recording.view, recording.chapters
    options, audio = options_of(view), view.result
    if audio is None:
        raise ValueError("a job without audio is no episode")
    return Episode(
        guid=view.job_id,
        title=title_of(view),
        published=view.created,
        url=addresses.audio(view),
        media_type=offered_as(audio.format, audio.parts)[0],
        bytes=audio.bytes,
        seconds=audio.duration_seconds,
        author=one_line(_tag(view, options, "artist")),
        description=_tag(view, options, "description") or _tag(view, options, "comment"),
        cover_url=addresses.cover(view.job_id) if audio.cover_bytes else "",
        chapters_url=addresses.chapters(view.job_id) if chapters else "",
        chapters=chapters,
        transcripts=_transcripts(view, addresses),
    )


def title_of(view: JobView) -> str:
    """Return the title that was given with the upload, else the video's name, as the page shows it."""
    given = one_line(options_of(view).tags.title or "")
    name, _ = divided(view.filename)
    return given if is_seen(given) else one_line(name) or "Audio"


def _tag(view: JobView, options: Options, name: str) -> str:
    """Return a tag as the audio has it: given with the upload, else kept from the video."""
    given: str | None = getattr(options.tags, name, None)
    if given is not None:
        return given
    tags = view.probe.media.tags if view.probe and options.keep_tags else ()
    return next((tag.text for tag in tags if tag.name == name), "")


def _transcripts(view: JobView, addresses: Addresses) -> tuple[TextTrack, ...]:
    """Return the words of the audio: of each language the best transcript, as WebVTT and as SubRip."""
    best: dict[str, Transcript] = {}
    for each in transcripts_of(view):
        best.setdefault(each.language, each)
    return tuple(
        TextTrack(
            url=addresses.transcript(view.job_id, f"{each.transcript_id}.{ending}"),
            media_type=media_type,
            language=each.language,
        )
        for each in islice(best.values(), _MOST_LANGUAGES)
        for ending, media_type in _TEXTS.items()
    )
