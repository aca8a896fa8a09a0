"""The page of a link: who has it listens here, and takes the audio along. HTML without scripts.

What people and files are named is text of strangers: all of it is escaped. The page is in nobody's index and
gives nobody its address, as the address is the key.
"""

from datetime import UTC, datetime
from html import escape
from pathlib import Path

from litestar import MediaType, Response
from msgspec import Struct

from gateway.http.pages import STYLE, document, page, policy

_STYLE = STYLE + Path(__file__).with_name("page.css").read_text("utf-8")
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
_HEADERS = {
    **PRIVATE,
    "Vary": "Accept",
    "Content-Security-Policy": policy(_STYLE, "media-src 'self'", "img-src 'self'"),
}
_ROOT = "../"


class Shown(Struct, frozen=True, kw_only=True):
    """The content of a link's page. `url` is its own address, `groove` an SVG."""

    url: str
    name: str
    kind: str
    """Such as `MP3`."""
    bytes: int
    seconds: float
    whole: float
    """Seconds of all of the audio; more than `seconds` where the link is to a clip."""
    start: float
    expires: datetime
    groove: str
    playable: bool
    has_cover: bool


def show(shown: Shown) -> Response[str]:
    """Return the page."""
    token = escape(shown.url.rpartition("/")[2])
    facts = escape(_facts(shown))
    cover = f'<img class="cover" src="{token}/cover" alt="">\n' if shown.has_cover else ""
    sound = f'{shown.groove}<audio controls preload="metadata" src="?download"></audio>\n'
    player = sound if shown.playable else ""
    download = f"Download ({_size(shown.bytes)})"
    main = (
        f'{cover}<h1>{escape(shown.name)}</h1>\n<p class="quiet number">{facts}</p>\n{player}'
        f'<p><a class="button primary wide" href="?download" download>{download}</a></p>\n'
        f'<p class="quiet end">This link is good for whoever has it, until {_time(shown.expires)}.</p>\n'
    )
    html = document(shown.name, main, root=_ROOT, head=_head(shown), style=_STYLE)
    return Response(html, media_type=MediaType.HTML, headers=_HEADERS)


def ended(title: str, text: str, status: int) -> Response[str]:
    """Return the page of a link that leads nowhere any more."""
    shown = page(title, text, root=_ROOT, status=status)
    shown.headers.update(PRIVATE)
    return shown


def _head(shown: Shown) -> str:
    """Return what chats and social networks show of the address."""
    told = {
        "og:title": shown.name,
        "og:description": _facts(shown),
        "og:site_name": "Tonearm",
        "og:type": "website",
        "og:url": shown.url,
    }
    if shown.playable:
        told["og:audio"] = f"{shown.url}?download"
    if shown.has_cover:
        told["og:image"] = f"{shown.url}/cover"
    metas = "".join(f'<meta property="{name}" content="{escape(value)}">\n' for name, value in told.items())
    icon = f'<link rel="icon" type="image/svg+xml" href="{_ROOT}page/0/look/mark.svg">\n'
    return f'{icon}<meta name="robots" content="noindex, nofollow">\n{metas}'


def _facts(shown: Shown) -> str:
    if shown.seconds < shown.whole:
        part = f"{_clock(shown.start)} to {_clock(shown.start + shown.seconds)} of {_clock(shown.whole)}"
        return f"{_clock(shown.seconds)} ({part}), {shown.kind}"
    return f"{_clock(shown.seconds)}, {shown.kind}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{max(1, round(count / 1000))} kB"


def _time(time: datetime) -> str:
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"
