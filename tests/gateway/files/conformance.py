"""The cases of the public conformance suite for tus, by their ids.

https://github.com/sagikazarmark/tus-conformance-tests (MIT), commit 76aa29a. `./justw tus-conformance` runs
the suite itself; this table runs everywhere. A step is a request and what its answer must be.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

VERSION = "1.0.0"
HELLO = b"Hello, tus!\n"
TEN = b"AAAAAAAAAA\n"
SHA1 = "sha1 E7X121m3do5RTtnrOi5XTG9Uq0A="
WRONG = "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAAA"
PIECE = "application/offset+octet-stream"
NAMED = "filename dGVzdC50eHQ=,filetype dGV4dC9wbGFpbg=="
LARGE = f"largedata {'QUFB' * 2000}"
DATE = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT"
NUMBER, ANY, NONE = r"\d+", r".+", None

Fields = Mapping[str, str | None]
NOTHING: Fields = MappingProxyType({})


class Step(NamedTuple):
    """One request. `at`: `files`, `upload` (the last one that was created) or `unknown`.

    `headers`: None takes one away. `has`: patterns of the answer's headers; None: it has none of this name.
    """

    method: str
    at: str
    status: tuple[int, ...]
    headers: Fields = NOTHING
    body: bytes = b""
    has: Fields = NOTHING


def create(
    length: int | None = 100,
    *status: int,
    has: Fields = NOTHING,
    body: bytes = b"",
    **more: str | None,
) -> Step:
    headers = {"Upload-Length": None if length is None else str(length), **_fields(more)}
    where = {} if status else {"Location": ANY}
    return Step("POST", "files", status or (201,), headers, body, where | dict(has))


def patch(
    offset: int | None = 0,
    body: bytes = b"test data\n",
    *status: int,
    at: str = "upload",
    has: Fields = NOTHING,
    **more: str | None,
) -> Step:
    place = None if offset is None else str(offset)
    headers = {"Upload-Offset": place, "Content-Type": PIECE, **_fields(more)}
    then = {} if status or offset is None else {"Upload-Offset": str(offset + len(body))}
    return Step("PATCH", at, status or (204,), headers, body, then | dict(has))


def head(*status: int, at: str = "upload", has: Fields = NOTHING, **more: str | None) -> Step:
    return Step("HEAD", at, status or (200,), _fields(more), has=has)


def stands(offset: int, length: int) -> Step:
    return head(has={"Upload-Offset": str(offset), "Upload-Length": str(length)})


def delete(*status: int, at: str = "upload", **more: str | None) -> Step:
    return Step("DELETE", at, status or (204,), _fields(more))


def options(**has: str) -> Step:
    return Step("OPTIONS", "files", (200,), {"Tus-Resumable": None}, has={"Tus-Version": ANY, **_fields(has)})


def _fields(more: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name.replace("_", "-"): value for name, value in more.items()}


_VERSIONS = r"[0-9]+\.[0-9]+\.[0-9]+(,[0-9]+\.[0-9]+\.[0-9]+)*"
_OTHER = {"Tus-Version": r".*1\.0\.0.*"}
_WHOLE: Sequence[Step] = (create(12), patch(0, HELLO), stands(12, 12))
_TWO: Sequence[Step] = (create(22), patch(0, TEN), stands(11, 22), patch(11, TEN), stands(22, 22))
_PART: Sequence[Step] = (create(), patch(), head(has={"Upload-Offset": "10"}))
_EMPTY: Sequence[Step] = (create(0), stands(0, 0))
_TWO_PIECES: Sequence[Step] = (create(), patch(0, b"first chunk\n"), patch(12, b"second chunk\n"))

CASES: Mapping[str, Sequence[Step]] = {
    "CP-ERR-001": [create(100, 412, Tus_Resumable=None)],
    "CP-ERR-002": [create(-1, 400)],
    "CP-HEAD-001": [create(), head(has={"Upload-Offset": NUMBER})],
    "CP-HEAD-002": [create(), head(has={"Upload-Length": "100"})],
    "CP-HEAD-003": [create(), head(412, has={"Tus-Version": ANY}, Tus_Resumable=None)],
    "CP-HEAD-004": [create(), head(has={"Cache-Control": ".*no-store.*"})],
    "CP-HEAD-005": [head(404, at="unknown", has={"Upload-Offset": NONE})],
    "CP-HEAD-006": [create(), head(has={"Tus-Resumable": VERSION})],
    "CP-HEAD-007": [create(), head(has={"Upload-Offset": "0"})],
    "CP-OPT-001": [options(Tus_Version=_VERSIONS)],
    "CP-OPT-002": [options()],
    "CP-OPT-003": [options(Tus_Version=_VERSIONS)],
    "CP-OPT-004": [options(Tus_Extension=ANY)],
    "CP-OPT-005": [options(Tus_Max_Size=NUMBER)],
    "CP-PATCH-001": [create(), patch(0, HELLO, 412, has={"Tus-Version": ANY}, Tus_Resumable=None)],
    "CP-PATCH-002": [create(), patch(0, HELLO, 415, Content_Type=None)],
    "CP-PATCH-003": [create(), patch(0, HELLO, 415, Content_Type="text/plain")],
    "CP-PATCH-004": [create(), patch(None, HELLO, 400)],
    "CP-PATCH-005": [create(), patch(50, HELLO, 409)],
    "CP-PATCH-006": [create(12), patch(0, HELLO)],
    "CP-PATCH-007": [create(12), patch(0, HELLO)],
    "CP-PATCH-008": [patch(0, HELLO, 404, at="unknown")],
    "CP-PATCH-009": [create(12), patch(0, HELLO, has={"Tus-Resumable": VERSION})],
    "CP-PATCH-010": [create(5), patch(0, HELLO, 413)],
    "CP-VER-001": [create(), head(412, has={"Tus-Version": ANY}, Tus_Resumable="99.99.99")],
    "CP-VER-002": [create(), head(412, has=_OTHER, Tus_Resumable="0.0.1")],
    "CP-VER-003": [options(Tus_Version=r".*1\.0\.0.*")],
    "EXT-CSUM-001": [options(Tus_Checksum_Algorithm="[a-z0-9-]+(,[a-z0-9-]+)*")],
    "EXT-CSUM-002": [options(Tus_Checksum_Algorithm=".*sha1.*")],
    "EXT-CSUM-003": [create(12), patch(0, HELLO, Upload_Checksum=SHA1)],
    "EXT-CSUM-004": [create(12), patch(0, HELLO, 460, Upload_Checksum=WRONG)],
    "EXT-CSUM-005": [create(), patch(0, HELLO, 460, Upload_Checksum=WRONG), stands(0, 100)],
    "EXT-CSUM-006": [create(12), patch(0, HELLO, 400, Upload_Checksum="unknownalgo AAAAAAAAAA")],
    "EXT-CSUM-007": [create(12), patch(0, HELLO, Upload_Checksum=SHA1)],
    "EXT-CSUM-008": [
        create(12),
        patch(0, HELLO, 460, Upload_Checksum=WRONG),
        patch(0, HELLO, Upload_Checksum=SHA1),
    ],
    "OPT-CSUM-001": _EMPTY,
    "OPT-CSUM-002": [create(12), patch(0, HELLO, Upload_Checksum=SHA1)],
    "OPT-CSUM-003": [
        create(12, body=HELLO, has={"Upload-Offset": "12"}, Content_Type=PIECE, Upload_Checksum=SHA1)
    ],
    "SCN-ERROR-002": [
        create(12),
        patch(0, HELLO, 460, Upload_Checksum=WRONG),
        stands(0, 12),
        patch(0, HELLO, Upload_Checksum=SHA1),
    ],
    "EXT-DEFER-001": [create(None, Upload_Defer_Length="1")],
    "EXT-DEFER-002": [
        create(None, Upload_Defer_Length="1"),
        head(has={"Upload-Defer-Length": "1", "Upload-Offset": "0", "Upload-Length": NONE}),
    ],
    "EXT-DEFER-003": [
        create(None, Upload_Defer_Length="1"),
        patch(0, HELLO, Upload_Length="12"),
        stands(12, 12),
    ],
    "EXT-DEFER-004": [
        create(None, Upload_Defer_Length="1"),
        patch(0, b"test\n", Upload_Length="100"),
        patch(5, b"more\n", 400, Upload_Length="200"),
    ],
    "EXT-DEFER-005": [create(100, 400, Upload_Defer_Length="1")],
    "EXT-CWU-001": [create(12, body=HELLO, has={"Upload-Offset": ANY}, Content_Type=PIECE)],
    "EXT-CWU-002": [create(12, 415, body=HELLO, Content_Type="text/plain")],
    "EXT-CWU-003": [create(12, body=HELLO, has={"Upload-Offset": NUMBER}, Content_Type=PIECE)],
    "EXT-CWU-004": [
        create(100, body=HELLO, has={"Upload-Offset": "12"}, Content_Type=PIECE),
        stands(12, 100),
    ],
    "EXT-CWU-005": [create(12, body=HELLO, has={"Upload-Offset": "12"}, Content_Type=PIECE), stands(12, 12)],
    "EXT-CREATE-001": [create()],
    "EXT-CREATE-002": [create(has={"Location": "https?://.+"})],
    "EXT-CREATE-003": [create(100, 412, has={"Tus-Version": ANY}, Tus_Resumable=None)],
    "EXT-CREATE-004": [create(Upload_Metadata=NAMED)],
    "EXT-CREATE-005": [
        create(Upload_Metadata="filename dGVzdC50eHQ=,content-type dGV4dC9wbGFpbg==,size MTAw")
    ],
    "EXT-CREATE-006": [
        create(Upload_Metadata="name SGVsbG8gV29ybGQ=,description VGhpcyBpcyBhIHRlc3QgZmlsZQ==")
    ],
    "EXT-CREATE-007": [options(), create(2**50, 413)],
    "EXT-CREATE-008": _EMPTY,
    "EXT-CREATE-009": [create()],
    "EXT-CREATE-010": [create(Upload_Metadata=NAMED), head(has={"Upload-Metadata": NAMED})],
    "OPT-COMP-001": [create(12), patch(0, HELLO), patch(12, b"")],
    "OPT-COMP-002": _WHOLE,
    "OPT-COMP-003": _WHOLE,
    "OPT-CONC-001": _TWO_PIECES,
    "OPT-CONC-002": _PART,
    "OPT-CONC-003": [create(Upload_Metadata=NAMED), head(), create(Upload_Metadata=NAMED), head()],
    "OPT-ERR-002": [create(), patch(0, HELLO), patch(0, HELLO, 409, has={"Upload-Offset": "12"})],
    "OPT-META-001": [create(100, 400, Upload_Metadata="filename not_valid_base64!!!")],
    "OPT-META-002": [create(100, 400, Upload_Metadata="filename dGVzdC50eHQ=,filename ZHVwbGljYXRl")],
    "OPT-META-003": [
        create(Upload_Metadata="emptykey"),
        create(Upload_Metadata="filename dGVzdA==,emptykey"),
    ],
    "OPT-META-004": [create(Upload_Metadata=LARGE)],
    "OPT-META-005": [create(Upload_Metadata=NAMED)],
    "OPT-META-006": [create(Upload_Metadata=NAMED), head(has={"Upload-Metadata": NAMED})],
    "OPT-PARTIAL-001": [create(1000), patch(0, HELLO)],
    "OPT-PARTIAL-002": _PART,
    "OPT-PARTIAL-003": _PART,
    "OPT-STORE-001": _PART,
    "OPT-STORE-002": [create(), patch(0, HELLO, 400, Upload_Length="200"), stands(0, 100)],
    "OPT-STORE-003": [options(), create(2**50, 413)],
    "OPT-TIME-001": [create(), head()],
    "OPT-TIME-002": _PART,
    "OPT-TIME-003": _PART,
    "OPT-URL-001": [create()],
    "OPT-URL-002": [create(), create()],
    "OPT-URL-003": [options()],
    "SCN-BASIC-001": _WHOLE,
    "SCN-BASIC-002": [create(33), patch(0, TEN), patch(11, TEN), patch(22, TEN), stands(33, 33)],
    "SCN-BASIC-003": _TWO,
    "SCN-BASIC-004": _EMPTY,
    "SCN-ERROR-001": [create(22), patch(0, TEN), patch(0, TEN, 409), stands(11, 22), patch(11, TEN)],
    "SCN-RESUME-001": [create(12), stands(0, 12), patch(0, HELLO)],
    "SCN-RESUME-002": _TWO,
    "SCN-RESUME-003": [
        create(103),
        patch(0, b"A" * 101),
        stands(101, 103),
        patch(101, b"Z\n"),
        stands(103, 103),
    ],
    "SCN-RESUME-004": [
        create(44),
        patch(0, TEN),
        stands(11, 44),
        patch(11, TEN),
        stands(22, 44),
        patch(22, TEN),
        stands(33, 44),
        patch(33, TEN),
        stands(44, 44),
    ],
    "EXT-EXPIRE-001": [create(has={"Upload-Expires": DATE})],
    "EXT-EXPIRE-002": [create(), patch(has={"Upload-Expires": DATE})],
    "EXT-EXPIRE-003": [create(), head(has={"Upload-Expires": DATE})],
    "EXT-EXPIRE-004": [create(), head()],
    "EXT-EXPIRE-005": [create(), head()],
    "OPT-EXP-001": _TWO_PIECES,
    "OPT-EXP-002": _WHOLE,
    "OPT-EXP-003": [create(), head(has={"Upload-Expires": DATE})],
    "SCN-ERROR-003": [*_PART, create()],
    "EXT-TERM-001": [create(), delete()],
    "EXT-TERM-002": [create(), delete(412, Tus_Resumable=None)],
    "EXT-TERM-003": [create(), delete(), head(410)],
    "EXT-TERM-004": [delete(404, at="unknown")],
    "EXT-TERM-005": [*_WHOLE, delete()],
}

NOT_OFFERED: Mapping[str, int] = {"concatenation": 12, "concatenation-unfinished": 2, "checksum-trailer": 2}
"""Extensions that are not offered, and the numbers of their cases."""
