"""The fields in which two documents differ, by path. Pure."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from cli.pretty import escaped
from events.projections.job_view import JobView
from events.views.documents import Document, pack

ABSENT = "(absent)"


def _plain(value: Any) -> Any:
    return (
        int(value) if isinstance(value, int) else repr(value)
    )  # BSON's 64-bit integers are a class of their own


_encoder = msgspec.json.Encoder(enc_hook=_plain)


class Difference(Struct, frozen=True):
    """One field that differs; `left` and `right` as JSON, or `(absent)`."""

    path: str
    left: str
    right: str


def differences(left: Any, right: Any, path: str = "") -> Iterator[Difference]:
    """Yield every leaf in which two documents differ, in the order of the left one's fields."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in dict.fromkeys([*left, *right]):
            under = f"{path}.{key}" if path else str(key)
            if key not in left or key not in right:
                yield Difference(under, _text(left, key), _text(right, key))
            else:
                yield from differences(left[key], right[key], under)
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
        for place in range(max(len(left), len(right))):
            under = f"{path}[{place}]"
            if place >= len(left) or place >= len(right):
                yield Difference(under, _text(left, place), _text(right, place))
            else:
                yield from differences(left[place], right[place], under)
    elif left != right or _kind(left) is not _kind(right):
        yield Difference(path, _json(left), _json(right))


def plain(view: JobView) -> dict[str, Any]:
    """Return the view as a plain structure, to compare field by field."""
    built: dict[str, Any] = msgspec.to_builtins(view)
    return built


def laid_out(document: Document) -> dict[str, Any]:
    """Return a stored document as a plain structure: its view, and what is stored beside the view."""
    beside = {key: value for key, value in document.items() if key not in ("_id", "view")}
    try:
        view = msgspec.json.decode(document["view"])
    except (KeyError, TypeError, msgspec.DecodeError):
        view = {"view": document.get("view", ABSENT)}
    return {**(view if isinstance(view, dict) else {"view": view}), "beside": beside}


def differs(view: JobView, stored: Document | None) -> list[Difference]:
    """Return where a stored document is not the one that would be stored for a view."""
    return list(differences(laid_out(pack(view)), laid_out(stored) if stored else {}))


def packed(view: JobView) -> bytes:
    """Return a view as JSON: the same bytes for the same content."""
    return _encoder.encode(view)


def digest(content: bytes) -> bytes:
    """Return 16 bytes that stand for a packed view."""
    return blake2b(content, digest_size=16).digest()


def table(found: Iterable[Difference], left: str, right: str) -> str:
    """Return the differences as lines: `path: left's value, right's value`."""
    return "\n".join(escaped(f"    {each.path}: {left} {each.left}, {right} {each.right}") for each in found)


def _kind(value: Any) -> type:
    return int if isinstance(value, int) and not isinstance(value, bool) else type(value)


def _text(container: Any, key: Any) -> str:
    there = key in container if isinstance(container, dict) else key < len(container)
    return _json(container[key]) if there else ABSENT


def _json(value: Any) -> str:
    text = _encoder.encode(value).decode()
    return text if len(text) <= 200 else text[:199] + "…"
