import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import (
    BadForm,
    BadOptions,
    BodyCutOff,
    BodyStalled,
    BodyTooLarge,
    NoFile,
    NotAForm,
    TooManyFields,
)
from gateway.http.bodies import Limit, incoming
from gateway.uploads.forms import MOST_FIELDS, FileInForm
from service.http.patience import Patience

TYPE = "multipart/form-data; boundary=bb"


async def pieces(body: bytes, cuts: list[int]) -> AsyncIterator[bytes]:
    edges = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    for first, last in itertools.pairwise(edges):
        yield body[first:last]


def form(file: bytes, before: bytes = b"") -> bytes:
    return (
        b'--bb\r\nContent-Disposition: form-data; name="note"\r\n'
        b"Content-Type: text/plain; charset=punycode\r\n\r\n" + before + b"\r\n"
        b'--bb\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        + file
        + b"\r\n--bb--\r\n"
    )


@given(st.binary(max_size=200), st.binary(max_size=50), st.lists(st.integers(0, 1000), max_size=20))
async def test_the_file_comes_out_however_the_body_was_cut(
    file: bytes, before: bytes, cuts: list[int]
) -> None:
    part = await FileInForm(TYPE, pieces(form(file, before), cuts), limit=1000).open()
    assert part.filename == "a.mp4"
    assert b"".join([chunk async for chunk in part.chunks()]) == file


async def test_what_is_no_form_is_refused() -> None:
    for content_type in (None, "", "text/plain", "multipart/form-data", f"{TYPE}{'b' * 70}"):
        with pytest.raises(NotAForm):
            FileInForm(content_type, pieces(b"", []), limit=10)
    with pytest.raises(BadForm):
        await FileInForm(TYPE, pieces(form(b"x")[:50], []), limit=10).open()
    with pytest.raises(NoFile):
        await FileInForm(TYPE, pieces(form(b"x").replace(b'"file"', b'"video"'), []), limit=10).open()


async def test_parts_beyond_the_limits_are_refused() -> None:
    part = await FileInForm(TYPE, pieces(form(b"x" * 11), [150]), limit=10).open()
    with pytest.raises(BodyTooLarge):
        [chunk async for chunk in part.chunks()]


async def test_a_form_of_more_parts_or_headers_than_an_upload_needs_is_not_called_too_large() -> None:
    part = b'--bb\r\nContent-Disposition: form-data; name="n"\r\n\r\nx\r\n'
    opened = await FileInForm(TYPE, pieces(part * (MOST_FIELDS - 2) + form(b"x"), []), limit=10).open()
    assert len(opened.fields) == MOST_FIELDS - 1
    with pytest.raises(TooManyFields, match=str(MOST_FIELDS)):
        await FileInForm(TYPE, pieces(part * (MOST_FIELDS - 1) + form(b"x"), []), limit=10).open()
    for headers in (b"\r\nX-A: b" * 40, b"\r\nX-A: " + b"b" * 9000):
        with pytest.raises(BadForm, match="header"):
            await FileInForm(TYPE, pieces(part.replace(b'"n"', b'"n"' + headers), []), limit=10).open()


async def read(messages: list[dict[str, object]], **patience: float) -> bytes:
    coming = iter(messages)

    async def receive() -> object:
        message = next(coming)
        if delay := message.get("delay"):
            await asyncio.sleep(float(str(delay)))
        return message

    body = incoming(receive, limit=Limit(10), patience=Patience(**patience))  # type: ignore[arg-type]
    return b"".join([piece async for piece in body])


def piece(body: bytes, more: bool = True, delay: float = 0) -> dict[str, object]:
    return {"type": "http.request", "body": body, "more_body": more, "delay": delay}


async def test_a_body_is_bounded_in_size_and_patience() -> None:
    assert await read([piece(b"12345"), piece(b""), piece(b"67890", more=False)]) == b"1234567890"
    with pytest.raises(BodyTooLarge):
        await read([piece(b"12345678901", more=False)])
    with pytest.raises(BodyCutOff):
        await read([piece(b"1"), {"type": "http.disconnect"}])
    with pytest.raises(BodyStalled):
        await read([piece(b"1", delay=5)], idle=0.05)
    with pytest.raises(BodyStalled):
        await read([piece(b"1", delay=0.02)] * 9, idle=1, window=0.1, min_rate=1000)


async def test_short_fields_before_the_file_are_read_and_files_and_long_ones_are_not() -> None:
    def part(name: str, value: bytes, more: str = "") -> bytes:
        head = f'--bb\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
        return head.encode() + value + b"\r\n"

    fields = part("format", b"opus") + part("title", "Übung".encode()) + part("x", b"y", '; filename="z"')
    after = part("other", b"2") + b"--bb--\r\n"
    body = fields + part("file", b"video", '; filename="a.mp4"') + after
    late = body.replace(b'"other"', b'"speed"')
    opened = await FileInForm(TYPE, pieces(body, [20, 70, 130]), limit=1000).open()
    assert opened.fields == [("format", "opus"), ("title", "Übung")]
    assert b"".join([chunk async for chunk in opened.chunks()]) == b"video"
    with pytest.raises(BadForm, match="too long"):
        await FileInForm(TYPE, pieces(part("title", b"x" * 9000) + body, []), limit=20_000).open()
    opened = await FileInForm(TYPE, pieces(late, [20, 70, 130]), limit=1000).open()
    with pytest.raises(BadOptions, match="before the file"):
        [chunk async for chunk in opened.chunks()]
    with pytest.raises(BadOptions, match="not as a file"):
        await FileInForm(TYPE, pieces(body.replace(b'"x"', b'"speed"'), []), limit=1000).open()
