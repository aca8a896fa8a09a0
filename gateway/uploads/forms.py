"""The one file of a multipart form (RFC 7578), streamed out of it.

Never the framework's form parser: it decodes text by any charset a client names, and holds parts in
memory. Here the few short fields before `file` are read, every part after it is skipped unread, but an option
is refused there; and what is held is one piece of the body.
"""

from collections.abc import AsyncIterator
from typing import Self

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from gateway.errors import BadForm, BadOptions, BodyTooLarge, Fault, NoFile, NotAForm, TooManyFields
from gateway.uploads.options import FIELDS, OBJECT

FIELD = "file"
OVERHEAD = 64 * 1024
"""Bytes a form may take beside its file: boundaries, headers, small other fields."""

LONGEST_FIELD = 8 * 1024
"""Bytes of a field before the file."""

MOST_FIELDS = 32
"""Fields of a form, the file among them: more than there are options."""

_MAX_BOUNDARY = 70  # RFC 2046, 5.1.1


class FileInForm:
    """The part `file`: its name and type are known after `open`, then its bytes are read once."""

    def __init__(self, content_type: str | None, body: AsyncIterator[bytes], *, limit: int) -> None:
        """`limit` is the most bytes the file may have. Raises NotAForm by the request's content type."""
        kind, options = parse_options_header(content_type or "")
        boundary = options.get("boundary", "")
        if kind != "multipart/form-data" or not boundary or len(boundary) > _MAX_BOUNDARY:
            raise NotAForm("send multipart/form-data with a boundary, or PUT the bytes to /upload/{filename}")
        try:
            self._parser = PushMultipartParser(
                boundary.encode("ascii", "replace"),
                max_segment_size=limit,
                max_segment_count=MOST_FIELDS + 1,
                # Strict, it judges by how the body was cut into pieces, and refuses some good forms.
                strict=False,
            )
        except MultipartError as error:
            raise NotAForm(f"the form's boundary: {error}") from error
        self._limit = limit
        self._events = self._parse(body)
        self.filename = ""
        self.content_type: str | None = None
        self.fields: list[tuple[str, str]] = []

    async def open(self) -> Self:
        """Read the fields before the file, and up to its first byte. Raises UploadRefused, BadOptions."""
        field: tuple[str, bytearray] | None = None
        async for event in self._events:
            match event:
                case MultipartSegment(name=name) if name == FIELD:
                    self.filename = event.filename or ""
                    self.content_type = event.content_type
                    return self
                case MultipartSegment(name=name) if event.filename is None or name == OBJECT:
                    field = name, bytearray()
                case MultipartSegment(name=name) if name in FIELDS:
                    raise BadOptions([Fault(name, "give it as a text, not as a file")])
                case None if field is not None:
                    self.fields.append((field[0], field[1].decode(errors="replace")))
                    field = None
                case bytes() | bytearray() if field is not None:
                    field[1].extend(event)
                    if len(field[1]) > LONGEST_FIELD:
                        raise BadForm(f"the field {field[0][:100]!r} is too long")
        raise NoFile(f"the form has no part with the name {FIELD!r}")

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes, then read the form to its end. Raises UploadRefused, BadOptions."""
        inside = True
        async for event in self._events:
            if isinstance(event, MultipartSegment) and event.name == FIELD:
                raise NoFile(f"the form has more than one part with the name {FIELD!r}: send one at a time")
            if isinstance(event, MultipartSegment) and event.name in (*FIELDS, OBJECT):
                raise BadOptions([Fault(event.name, "give it before the file")])
            if isinstance(event, bytes) and inside:
                yield event
            elif event is None:
                inside = False

    async def _parse(self, body: AsyncIterator[bytes]) -> AsyncIterator[MultipartSegment | bytes | None]:
        fields = 0
        try:
            async for piece in body:
                for event in self._parser.parse(piece):
                    fields += isinstance(event, MultipartSegment)
                    if fields > MOST_FIELDS:
                        raise TooManyFields(f"the form has more than {MOST_FIELDS} fields")
                    yield event
            self._parser.close()
        except ParserLimitReached as error:
            if "header" in str(error):  # of a part; all other limits are on sizes
                raise BadForm(f"the form cannot be read: {error}") from error
            raise BodyTooLarge(f"the form: {error} (a file may have {self._limit} bytes at most)") from error
        except MultipartError as error:
            raise BadForm(f"the form cannot be read: {error}") from error
