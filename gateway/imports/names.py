"""The name of a file that a source offers, and whether it may be a video or sound. Pure.

Every text here was written by a stranger, so it comes out cleaned (see `gateway.http.filenames`).
"""

from collections.abc import Iterator
from contextlib import suppress
from email.message import Message
from urllib.parse import unquote

from events.filenames import divided
from gateway.http.filenames import cleaned
from gateway.uploads.media_types import ANY

LONGEST = 4096
"""Characters of a Content-Disposition that are read: the standard library takes the square of its length."""
_CHARSETS = frozenset({"utf-8", "iso-8859-1"})
"""Those of RFC 8187 and, of old, RFC 5987. Others are not tried: some of Python's take minutes."""
_UNTOLD = frozenset({ANY, "binary/octet-stream", "application/x-download", "application/force-download"})
"""Types by which a source says that it does not know."""
_MEDIA = frozenset(
    {
        *("application/mp4", "application/ogg", "application/mxf", "application/x-matroska"),
        *("application/vnd.rn-realmedia", "application/x-shockwave-flash"),
    }
)
_LISTS = ("mpegurl", "dash+xml", "x-scpls", "xspf")
"""Playlists call themselves sound or video, and hold none."""
_PAGES = frozenset({"text/html", "application/xhtml+xml"})


def name_of(disposition: str | None, *paths: str) -> str:
    """Return the name that a Content-Disposition gives (RFC 6266), else that in the first path which has one.

    Of the paths one whose ending is that of sound or video goes before the others.
    """
    if told := _told(disposition or ""):
        return cleaned(told)
    names = [name for path in paths if (name := _last(path))]
    known = [name for name in names if divided(name)[1]]
    return cleaned(next(iter([*known, *names]), ""))


def is_media(media_type: str, name: str) -> bool:
    """Return True unless the type that a source gives is something else than sound or video.

    `media_type` is as `gateway.uploads.media_types` has it. Where it says little the name's ending counts.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind in _PAGES or any(each in kind for each in _LISTS):
        return False
    if kind in _UNTOLD or kind in _MEDIA or kind.startswith(("audio/", "video/")):
        return True
    return bool(divided(name)[1])


def _told(disposition: str) -> str:
    extended, plain = "", ""
    for value in _names(disposition):
        if isinstance(value, tuple):
            extended = extended or _decoded(*value)
        else:
            plain = plain or _in_utf8(value)
    return extended or plain


def _names(disposition: str) -> Iterator[str | tuple[str, str, str]]:
    message = Message()
    message["Content-Disposition"] = disposition[:LONGEST]
    try:
        parameters = message.get_params([], header="content-disposition")
    except (
        TypeError,
        ValueError,
    ):  # the standard library cannot put parts together of which one has no number
        return
    for name, value in parameters:
        if name.lower() == "filename":
            yield value


def _decoded(charset: str | None, _language: str | None, text: str) -> str:
    """Return what `filename*` means; the standard library leaves its bytes as Latin-1."""
    name = (charset or "").lower()
    return text.encode("latin-1", "replace").decode(name, "replace") if name in _CHARSETS else ""


def _in_utf8(text: str) -> str:
    """Return a plain name. Some send UTF-8 where the standard wants ASCII, and percents where it has none."""
    with suppress(ValueError):
        text = text.encode("latin-1").decode()
    return unquote(text) if "%" in text else text


def _last(path: str) -> str:
    return unquote(path.partition("?")[0].rpartition("/")[2], errors="replace").strip()
