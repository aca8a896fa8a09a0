"""The names of programs that signed in, as their holder knows them in a list: "Firefox on Linux", "curl".

Only these words are kept. The whole header picks one browser out of millions, and nobody needs that.
"""

import re

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""The first that is found counts: each calls itself by the names of those below."""
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}")
_LONGEST = 1000


def program(user_agent: str) -> str:
    """Return the program in a few words, by its User-Agent (RFC 9110, 10.1.5); empty if that names none."""
    told = user_agent[:_LONGEST]
    if not told.startswith("Mozilla/"):
        found = _PRODUCT.match(told)
        return found[0] if found else ""
    browser, system = _first(_BROWSERS, told) or "Browser", _first(_SYSTEMS, told)
    return f"{browser} on {system}" if system else browser


def _first(words: tuple[tuple[str, str], ...], told: str) -> str:
    return next((name for mark, name in words if mark in told), "")
