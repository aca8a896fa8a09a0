"""Small pages for people, with the face of the page itself: HTML, no scripts, nothing from elsewhere.

They are never stored. A page holds its style, so it looks the same at any depth and under any prefix.

A page's own address may hold a token, so no other site may learn it: `same-origin` sends it nowhere else.
(With `no-referrer` browsers also keep back Origin, which distinguishes our forms from another site's.)
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from litestar import MediaType, Request, Response
from msgspec import Struct

from service.http.preference import preferred
from service.problems import MEDIA_TYPE

_SITE = Path(__file__).parents[1] / "page/site"
_STYLES = ("look/colours.css", "look/base.css", "look/frame.css", "entry/view.css")
STYLE = "".join((_SITE / name).read_text("utf-8") for name in _STYLES)
_MARK = (_SITE / "look/mark.svg").read_text("utf-8").replace("<svg ", '<svg aria-hidden="true" ')
_FORM, _MOST_FIELDS = "application/x-www-form-urlencoded", 10


def policy(style: str, *more: str) -> str:
    """Return the policy of a page with this style, which loads nothing but what `more` directives let it."""
    own = f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
    fixed = ("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'")
    return "; ".join(("default-src 'none'", own, *more, *fixed))


_HEADERS = {
    "Content-Security-Policy": policy(STYLE),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}


class Field(Struct, frozen=True, kw_only=True):
    """Something to fill in. `type` and `autocomplete` are HTML's; `hint` stands between label and field."""

    name: str
    label: str
    type: str
    autocomplete: str
    hint: str = ""
    value: str = ""


class Form(Struct, frozen=True, kw_only=True):
    """Fields, and the button that sends them to `action`, relative to the page."""

    action: str
    fields: Sequence[Field]
    button: str
    hidden: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"Form({self.action!r})"


class Link(Struct, frozen=True):
    """A link to go on by, under a page's text."""

    words: str
    path: str


def page(
    title: str,
    text: str,
    *,
    root: str,
    form: Form | None = None,
    more: Sequence[str] = (),
    links: Sequence[Link] = (),
    alert: str = "",
    status: int = 200,
    retry_after: str = "",
) -> Response[str]:
    """Return a page: what it is, paragraphs, perhaps what went wrong, and perhaps a form or links.

    `root` leads from this page's address to the page at `/`: `./`, `../`. `more` are
    paragraphs after `text`; `retry_after` is the header's value, where there is one.
    """
    warning = f'<p class="notice bad" role="alert">{escape(alert)}</p>\n' if alert else ""
    main = (
        f"<h1>{escape(title)}</h1>\n"
        f"{''.join(map(_paragraph, (text, *more)))}{warning}{_form(form) if form else ''}"
        f"{''.join(map(_link, links))}"
    )
    html = document(title, main, root=root)
    headers = _HEADERS | ({"Retry-After": retry_after} if retry_after else {})
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=headers)


def document(title: str, main: str, *, root: str, head: str = "", style: str = STYLE) -> str:
    """Return a page's HTML. `main` and `head` are HTML, of what is to be read and of more for the head."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)} – Tonearm</title>\n{head}<style>{style}</style>\n</head>\n<body>\n"
        f'<header class="frame-head"><a class="mark" href="{escape(root)}">{_MARK}Tonearm</a></header>\n'
        f'<main class="frame-main"><div class="entry">\n{main}</div></main>\n</body>\n</html>\n'
    )


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Return True if a browser asks, which gets a page. Programs get JSON, those that take anything too."""
    return preferred(request, [MEDIA_TYPE, MediaType.JSON, MediaType.HTML]) == MediaType.HTML


def is_form(request: Request[Any, Any, Any]) -> bool:
    """Return True if the body is of a form on a page. That is not for programs, so no document names it."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def fields_of(body: bytes) -> dict[str, str]:
    """Return the fields of such a body; none if it cannot be read."""
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def sentence(detail: str) -> str:
    """Return a problem's detail as people write."""
    return f"{detail[:1].upper()}{detail[1:]}."


def _paragraph(text: str) -> str:
    return "<p>" + re.sub("`([^`]+)`", r"<code>\1</code>", escape(text)) + "</p>\n"


def _link(link: Link) -> str:
    return f'<p><a href="{escape(link.path)}">{escape(link.words)}</a></p>\n'


def _form(form: Form) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n'
        for name, value in form.hidden
    )
    fields = "".join(_field(each) for each in form.fields)
    return (
        f'<form method="post" action="{escape(form.action)}">\n{hidden}{fields}'
        f'<button class="primary wide">{escape(form.button)}</button>\n</form>\n'
    )


def _field(field: Field) -> str:
    name = escape(field.name)
    hint = f'<p class="hint" id="{name}-hint">{escape(field.hint)}</p>\n' if field.hint else ""
    described = f' aria-describedby="{name}-hint"' if field.hint else ""
    value = f' value="{escape(field.value)}"' if field.value else ""
    return (
        f'<div class="field"><label for="{name}">{escape(field.label)}</label>\n{hint}'
        f'<input id="{name}" name="{name}" type="{escape(field.type)}"'
        f' autocomplete="{escape(field.autocomplete)}" required{value}{described}></div>\n'
    )
