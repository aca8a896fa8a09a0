"""Small pages for people: HTML and one style, no scripts, nothing from elsewhere, never stored.

A page's own address may hold a token, so no other site may learn it: `same-origin` sends it nowhere else.
(With `no-referrer` browsers also keep back Origin, which distinguishes our forms from another site's.)
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import Any

from litestar import MediaType, Request, Response
from msgspec import Struct

from service.http.preference import preferred
from service.problems import MEDIA_TYPE

_STYLE = """
:root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { box-sizing: border-box; max-width: 30rem; margin: 0 auto; padding: 2rem 1rem; }
label, input, button { display: block; box-sizing: border-box; width: 100%; font: inherit; }
input, button { margin: .3rem 0 1rem; padding: .6rem; border: 1px solid GrayText; border-radius: .3rem; }
button { background: #1a56b0; color: #fff; border: 0; cursor: pointer; }
:focus-visible { outline: 3px solid #e8a33d; outline-offset: 2px; }
[role=alert] { padding: .6rem; border: 2px solid #c0392b; border-radius: .3rem; }
"""
_POLICY = "; ".join(
    [
        "default-src 'none'",
        f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}


class Field(Struct, frozen=True, kw_only=True):
    """Something to fill in. `type` and `autocomplete` are HTML's; `hint` stands below."""

    name: str
    label: str
    type: str
    autocomplete: str
    hint: str = ""


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
    form: Form | None = None,
    more: Sequence[str] = (),
    links: Sequence[Link] = (),
    alert: str = "",
    status: int = 200,
    retry_after: str = "",
) -> Response[str]:
    """Return a page: what it is, paragraphs, perhaps what went wrong, and perhaps a form or links.

    `more` are paragraphs after `text`; `retry_after` is the header's value, where there is one.
    """
    warning = f'<p role="alert">{escape(alert)}</p>\n' if alert else ""
    html = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} – Tonearm</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{''.join(map(_paragraph, (text, *more)))}"
        f"{warning}{_form(form) if form else ''}{''.join(map(_link, links))}</main>\n</body>\n</html>\n"
    )
    headers = _HEADERS | ({"Retry-After": retry_after} if retry_after else {})
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=headers)


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Return True if a browser asks, which gets a page. Programs get JSON, those that take anything too."""
    return preferred(request, [MEDIA_TYPE, MediaType.JSON, MediaType.HTML]) == MediaType.HTML


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
        f"<button>{escape(form.button)}</button>\n</form>\n"
    )


def _field(field: Field) -> str:
    name = escape(field.name)
    hint = f'<p id="{name}-hint">{escape(field.hint)}</p>\n' if field.hint else ""
    described = f' aria-describedby="{name}-hint"' if field.hint else ""
    return (
        f'<label for="{name}">{escape(field.label)}</label>\n'
        f'<input id="{name}" name="{name}" type="{escape(field.type)}"'
        f' autocomplete="{escape(field.autocomplete)}" required{described}>\n{hint}'
    )
