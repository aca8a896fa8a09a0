"""Uploads by tus 1.0: what has come to the gateway is not sent again, whatever breaks on the way.

POST creates the upload, whose id is that of its job. PATCH brings the next bytes. After any trouble HEAD has
the offset to go on from; it shuts out the old connection, on whichever replica that still is. Where the
answer to a creation is lost, an empty upload stays behind, and expires.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, NamedTuple, Protocol

import httpx

from cli.client.contents import Content, Count, Piece, media_type
from cli.client.errors import ClientError, NotThere, RequestRefused, SourceChanged, Unreachable
from cli.client.patience import Trouble, is_passing, patiently
from cli.client.unfinished import Note

_VERSION = {"Tus-Resumable": "1.0.0"}
_PIECE = {"Content-Type": "application/offset+octet-stream"}
_ASK_FIRST = (401, 409, 423)
"""Refusals of a piece after which HEAD helps: a token has run out, the offset is another, a rival writes."""
_TOO_MANY = 429
"""Passes on the way. Before an upload has begun it is a limit of the account, and lasts."""


class Asker(Protocol):
    """Somebody who is signed in to a gateway."""

    url: str

    def asking(self, method: str, path: str, **options: Any) -> AbstractContextManager[httpx.Response]:
        """Ask, and give the answer. Raises RequestRefused, httpx.TransportError."""


class Standing(NamedTuple):
    """The bytes that the gateway has, and whether those are all."""

    offset: int
    is_whole: bool


def upload(asker: Asker, content: Content, options: Mapping[str, str], sent: Count, note: Note) -> str:
    """Upload all of the content, and return the job's id. Goes on with an upload that the note remembers.

    Raises SourceChanged, Unreachable, RequestRefused. An upload that nobody can go on with is taken back.
    """
    upload_id, standing = _found(asker, note)
    if not upload_id:
        upload_id, standing = _created(asker, content, options)
        note.write(upload_id)
    sent(standing.offset)
    try:
        _bring_all(asker, upload_id, standing, content, sent)
    except (SourceChanged, NotThere):
        note.forget()
        _take_back(asker, upload_id)
        raise
    except BaseException as error:  # also what ends the command
        if not note.is_kept:
            _take_back(asker, upload_id)
        elif isinstance(error, Unreachable):
            raise Unreachable(f"{error}; the same command goes on where this one ended") from error
        raise
    note.forget()
    return upload_id


def _found(asker: Asker, note: Note) -> tuple[str, Standing]:
    """Return the upload that is remembered, if the gateway still has it."""
    if upload_id := note.read():
        with suppress(NotThere):
            return upload_id, patiently(lambda: _standing(asker, upload_id))
        note.forget()
    return "", Standing(0, False)


def _created(asker: Asker, content: Content, options: Mapping[str, str]) -> tuple[str, Standing]:
    length = content.length
    metadata = {
        "filename": content.name,
        "filetype": media_type(content).encode(),
        **{name: value.encode("utf-8", "surrogateescape") for name, value in options.items()},
    }
    headers = {
        **_VERSION,
        "Upload-Metadata": ",".join(
            f"{name} {b64encode(value).decode()}".strip() for name, value in metadata.items()
        ),
        **({"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}),
    }

    def create() -> str:
        with asker.asking("POST", "/files", headers=headers, content=b"") as answer:
            # Its last part alone: a proxy may have changed what stands before.
            return str(answer.headers.get("Location", "")).rstrip("/").rpartition("/")[2]

    upload_id = patiently(create)
    if not upload_id:
        raise ClientError("the gateway's answer to /files is not understood")
    return upload_id, Standing(0, length == 0)


def _bring_all(asker: Asker, upload_id: str, standing: Standing, content: Content, sent: Count) -> None:
    trouble, is_lost = Trouble(asker.url), False
    while not standing.is_whole:
        try:
            if is_lost:
                reached = _standing(asker, upload_id)
                sent(reached.offset)
            else:
                reached = _bring(asker, upload_id, content, standing.offset, sent)
        except (httpx.TransportError, RequestRefused) as error:
            if not (is_passing(error) or _helps(error, is_lost)):
                raise
            trouble.wait(error)
            is_lost = True
            continue
        if reached.offset > standing.offset:
            trouble.over()
        standing, is_lost = reached, False


def _helps(error: httpx.TransportError | RequestRefused, is_lost: bool) -> bool:
    """Return True for a refusal on the way after which a moment, and then HEAD, helps."""
    if not isinstance(error, RequestRefused):
        return False
    return error.status == _TOO_MANY or (not is_lost and error.status in _ASK_FIRST)


def _bring(asker: Asker, upload_id: str, content: Content, offset: int, sent: Count) -> Standing:
    piece = content.piece(offset)
    length = content.length  # a stream knows it only now
    headers = {
        **_VERSION,
        **_PIECE,
        "Upload-Offset": str(offset),
        "Content-Length": str(piece.size),
        **({} if length is None else {"Upload-Length": str(length)}),
    }
    body = _counted(piece, offset, sent)
    with asker.asking("PATCH", f"/files/{upload_id}", headers=headers, content=body) as answer:
        reached = _offset(answer)
    if not offset + min(1, piece.size) <= reached <= offset + piece.size:
        raise ClientError(f"the gateway says that it has {reached} bytes, which cannot be")
    return Standing(reached, reached == length)


def _counted(piece: Piece, offset: int, sent: Count) -> Iterator[bytes]:
    for block in piece.blocks:
        yield block
        offset += len(block)
        sent(offset)


def _standing(asker: Asker, upload_id: str) -> Standing:
    with asker.asking("HEAD", f"/files/{upload_id}", headers=_VERSION) as answer:
        offset = _offset(answer)
        return Standing(offset, answer.headers.get("Upload-Length") == str(offset))


def _offset(answer: httpx.Response) -> int:
    text = answer.headers.get("Upload-Offset", "")
    if not text.isdecimal():
        raise ClientError(f"the gateway's answer to {answer.request.url.path} is not understood")
    return int(text)


def _take_back(asker: Asker, upload_id: str) -> None:
    """Remove what has come; it would take up the account's room until it expires."""
    with suppress(ClientError, httpx.HTTPError):
        path = f"/files/{upload_id}"
        with asker.asking("DELETE", path, headers=_VERSION, timeout=2.0):
            pass
