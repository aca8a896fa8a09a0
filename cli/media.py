"""The content of a file of sound or video, as people read it. Pure."""

from collections.abc import Iterator

from cli.pretty import clock, size
from events.media import Chapter, Media, Picture, Track


def rows(media: Media, bytes_: int | None = None) -> Iterator[tuple[str, str]]:
    """Yield the facts, a name and a text each; `bytes_` is the file's size, where that is known."""
    length = clock(media.duration_seconds) if media.duration_seconds else "length not told"
    bytes_told = "" if bytes_ is None else size(bytes_)
    yield "container", ", ".join(filter(None, (media.container, length, bytes_told, _rate(media.bit_rate))))
    for track in media.tracks:
        yield f"track {track.index}", _track(track)
    for picture in media.pictures:
        yield "cover" if picture.cover else "pictures", _picture(picture)
    for chapter in media.chapters:
        yield "chapter", _chapter(chapter)
    for tag in media.tags:
        yield tag.name, tag.text


def _track(track: Track) -> str:
    said = (
        *(track.codec, track.profile, f"{track.sample_rate} Hz" if track.sample_rate else ""),
        *(track.layout, _rate(track.bit_rate), track.language, track.title),
    )
    return ", ".join([*filter(None, said), *(["default"] if track.default else [])])


def _picture(picture: Picture) -> str:
    return f"{picture.codec}, {picture.width}x{picture.height}" if picture.width else picture.codec


def _chapter(chapter: Chapter) -> str:
    return f"{clock(chapter.start)} to {clock(chapter.end)}  {chapter.title}".rstrip()


def _rate(bits: int) -> str:
    return f"{bits / 1000:.0f} kbit/s" if bits else ""
