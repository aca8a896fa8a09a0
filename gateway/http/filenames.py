"""File names: as uploaded, as stored, as offered for download."""

import unicodedata
from itertools import dropwhile
from urllib.parse import quote

from events.filenames import divided
from events.texts import harmless, is_seen

LONGEST = 255
"""Bytes of UTF-8 a name may take, as on most file systems."""

_READ, _ENDING = 1024, 32
"""Characters of a name that are looked at, and how many of them are its end: normalising takes time that
grows with the square of a name's length when it is made of combining marks."""


def cleaned(name: str) -> str:
    """Return the name without folders, harmful characters and excess length; `video` if nothing is seen.

    Cleaning a clean name changes nothing.
    """
    name = name.replace("\\", "/").rpartition("/")[2]
    if len(name) > _READ:
        name = name[: _READ - _ENDING] + name[-_ENDING:]
    name = unicodedata.normalize("NFC", harmless(name, "")).rstrip()
    name = "".join(dropwhile(lambda c: c.isspace() or c == ".", name))
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > 16:
        stem, dot, suffix = name, "", ""
    room = LONGEST - len((dot + suffix).encode())
    short = (stem.encode()[:room].decode(errors="ignore") + dot + suffix).rstrip()
    return short if is_seen(short) else "video"


def audio_name(video: str, ending: str) -> str:
    """Return the name of the audio made from a video of this name."""
    stem, _ = divided(video)
    room = LONGEST - len(ending) - 1
    return f"{stem.encode()[:room].decode(errors='ignore') or 'audio'}.{ending}"


def attachment(name: str) -> str:
    """Return the Content-Disposition of a download (RFC 6266): a plain fallback, and the name itself."""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
