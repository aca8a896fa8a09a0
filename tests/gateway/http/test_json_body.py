"""JSON bodies: what is read into a struct, and the field at fault."""

from collections.abc import Sequence
from typing import Annotated, Any

import pytest
from litestar import Request
from msgspec import Meta, Struct

from events.errors import TonearmError
from gateway.errors import BadFields, BodyTooLarge, NotJson
from gateway.http import json_body


class Part(Struct, forbid_unknown_fields=True):
    size: Annotated[int, Meta(ge=1)] = 1


class Wanted(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1)]
    parts: list[Part] = []


def request(pieces: Sequence[bytes]) -> Request[Any, Any, Any]:
    left = list(pieces)

    async def receive() -> Any:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    scope: Any = {"type": "http", "method": "POST", "path": "/", "headers": []}
    return Request(scope, receive)


async def test_a_body_comes_in_pieces() -> None:
    assert await json_body.read(request([b'{"name":', b' "x"}']), Wanted) == Wanted(name="x")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"{}", "name"),
        (b'{"name": 7}', "name"),
        (b'{"name": ""}', "name"),
        (b'{"name": "x", "y": 1}', "y"),
        (b'{"name": "x", "parts": [{"size": 0}]}', "parts[0].size"),
        (b'{"name": "x", "parts": [{"much": 0}]}', "parts[0].much"),
        (b"[]", "body"),
    ],
)
async def test_the_field_at_fault_is_named(body: bytes, name: str) -> None:
    with pytest.raises(BadFields) as caught:
        await json_body.read(request([body]), Wanted)
    [fault] = caught.value.faults
    assert fault.name == name
    assert "`$" not in fault.detail


@pytest.mark.parametrize(
    "body", [b"", b"{", b"name=x", b'{"name": "\xff"}', b'{"name": "\\ud800"}', b"[" * 60_000]
)
async def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises((NotJson, BadFields)):
        await json_body.read(request([body]), Wanted)


async def test_a_body_is_bounded() -> None:
    with pytest.raises(BodyTooLarge) as caught:
        await json_body.read(request([b" " * json_body.LONGEST, b" "]), Wanted)
    assert isinstance(caught.value, TonearmError)
