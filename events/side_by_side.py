"""Names of files that every system can keep side by side in one folder. Pure.

Windows is the strictest about characters and reserved names. macOS takes letters for the same that differ in
case, composition or invisible characters only. All are happy with what is left.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from events.filenames import divided
from events.texts import harmless, is_seen

LONGEST = 200
"""Bytes of UTF-8. Windows counts the folders, too, and macOS takes letters apart, which makes some longer."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\..*)?",
    re.IGNORECASE | re.DOTALL,
)
"""Names of devices, also with an ending: Windows writes such a file into the device."""


def side_by_side(names: Iterable[str]) -> Iterator[str]:
    """Yield each name as a safe one, and none twice: `a.mp3`, `a (2).mp3`."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for name in names:
        plain = safe(name)
        key = _same(plain)
        found, count = plain, counts.get(key, 1)
        while _same(found) in taken:
            count += 1
            found = _numbered(plain, count)
        counts[key] = count
        taken.add(_same(found))
        yield found


def safe(name: str) -> str:
    """Return the name as each system takes it. What is safe stays as it is."""
    composed = unicodedata.normalize("NFC", harmless(name, "_"))
    stem, ending = _parts(_FORBIDDEN.sub("_", composed).strip(" ."))
    if not is_seen(stem):
        stem = "audio"
    if _RESERVED.fullmatch(stem + ending):
        stem = f"_{stem}"
    return _fitting(stem, ending)


def _numbered(name: str, count: int) -> str:
    stem, ending = _parts(name)
    return _fitting(stem, f" ({count}){ending}")


def _parts(name: str) -> tuple[str, str]:
    """Return a name's stem, and its ending with the dot."""
    stem, ending = divided(name)
    return (stem, name[len(stem) :]) if ending else (name, "")


def _fitting(stem: str, rest: str) -> str:
    room = LONGEST - len(rest.encode())
    return (stem.encode()[:room].decode(errors="ignore") + rest).rstrip(" .")


def _same(name: str) -> str:
    """Return what two names have in common that some system takes for one."""
    seen = "".join(char for char in name if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", seen).upper().casefold())
