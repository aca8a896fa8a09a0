"""The question to a source for the rest of a file, and what its answer brings. Pure.

A file is gone on with only where the source proves that it is still the same one: by a strong validator,
which goes with the question (`If-Range`), and comes with the answer (RFC 9110, 13.1.5 and 14). Everywhere
else it comes anew from its first byte.
"""

import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from msgspec import Struct

from events.types import ImportFailure
from gateway.imports.failures import ImportFailing, of_status
from gateway.uploads.media_types import media_type

_ETAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]{0,1000}"')
_LENGTH = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"bytes +([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
_OLD_ENOUGH = timedelta(seconds=1)
"""Before that a file may have changed twice in the second that `Last-Modified` names (RFC 9110, 8.8.2.2)."""


class Known(Struct, frozen=True, kw_only=True):
    """The part of a file that has come, and its mark at the source. `validator`: empty where it has none."""

    offset: int = 0
    length: int | None = None
    validator: str = ""

    @property
    def goes_on(self) -> bool:
        """True if the source can be asked for the rest alone."""
        return self.offset > 0 and bool(self.validator)


class Part(Struct, frozen=True, kw_only=True):
    """The content of an answer: bytes from `offset` on. `length`: of the whole file; None: not known."""

    offset: int
    length: int | None
    validator: str
    media_type: str


class Anew(Exception):
    """The source cannot, or will not, go on with the file that it gave before."""


class Fields(Struct, frozen=True):
    """The header fields of an answer that are looked at; empty: it has none."""

    etag: str = ""
    modified: str = ""
    date: str = ""
    length: str = ""
    range: str = ""
    encoding: str = ""
    type: str = ""
    disposition: str = ""
    ranges: str = ""


def question(known: Known) -> dict[str, str]:
    """Return the header fields that ask for what is not there yet. It shall come as it is, not compressed."""
    fields = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Tonearm"}
    if known.goes_on:
        fields |= {"Range": f"bytes={known.offset}-", "If-Range": known.validator}
    return fields


def part_of(status: int, fields: Fields, known: Known) -> Part:
    """Return what an answer brings.

    Raises Anew where the file has to be asked for from its first byte, ImportFailing, ImportStuck.
    """
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and known.goes_on:
        raise Anew
    if status == HTTPStatus.PARTIAL_CONTENT:
        return _rest(fields, known)
    if status != HTTPStatus.OK:
        raise of_status(status)
    if fields.encoding.strip().lower() not in ("", "identity"):
        raise ImportFailing(ImportFailure.REFUSED, "the source sends it packed, and we asked for it as it is")
    return Part(
        offset=0,
        length=int(fields.length) if _LENGTH.fullmatch(fields.length) else None,
        validator=validator_of(fields),
        media_type=media_type(fields.type),
    )


def validator_of(fields: Fields) -> str:
    """Return by what the source shall know the file again: its strong ETag, else its time; or nothing."""
    if fields.ranges.strip().lower() == "none":
        return ""
    if _ETAG.fullmatch(etag := fields.etag.strip()):
        return etag
    try:
        modified, date = parsedate_to_datetime(fields.modified), parsedate_to_datetime(fields.date)
        return fields.modified.strip() if date - modified >= _OLD_ENOUGH else ""
    except (TypeError, ValueError, OverflowError):  # none, one without a zone, or one beyond the calendar
        return ""


def _rest(fields: Fields, known: Known) -> Part:
    found = _RANGE.fullmatch(fields.range.strip())
    if not known.goes_on or found is None or int(found[1]) != known.offset or int(found[2]) < int(found[1]):
        raise Anew
    length = known.length if found[3] == "*" else int(found[3])
    is_other = known.length is not None and length != known.length
    now = validator_of(fields) or known.validator
    if is_other or now != known.validator or (length is not None and int(found[2]) >= length):
        raise Anew
    return Part(
        offset=known.offset,
        length=length,
        validator=known.validator,
        media_type=media_type(fields.type),
    )
