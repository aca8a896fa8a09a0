"""Of several editions the one that players show, without what is hidden or switched off."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hall import EACH_WAY, Hall, marks_in
from hypothesis import given
from hypothesis import strategies as st

from events.options import Chapters, Format
from workers.converter.containers.matroska_chapters import chapters

CASES = Path(__file__).parents[1] / "cases"


def element(kind: int, *content: bytes | int | str) -> bytes:
    body = b"".join(
        each.to_bytes(8) if isinstance(each, int) else each.encode() if isinstance(each, str) else each
        for each in content
    )
    return kind.to_bytes((kind.bit_length() + 7) // 8) + (len(body) | 1 << 56).to_bytes(8) + body


def atom(start: int, title: str, *more: bytes) -> bytes:
    return element(0xB6, element(0x91, start * 10**9), element(0x80, element(0x85, title)), *more)


def edition(*content: bytes, hidden: int = 0, default: int = 0, ordered: int = 0) -> bytes:
    flags = ((0x45BD, hidden), (0x45DB, default), (0x45DD, ordered))
    return element(0x45B9, *(element(kind, value) for kind, value in flags), *content)


def video(*editions: bytes, late: bool = False) -> BytesIO:
    """A segment with these editions, before its cluster or behind it."""
    told, cluster = element(0x1043A770, *editions), element(0x1F43B675, b"sound")
    seek = element(0x4DBB, element(0x53AB, bytes.fromhex("1043a770")), element(0x53AC, 0))
    at = len(element(0x114D9B74, seek)) + len(cluster)
    seek = element(0x4DBB, element(0x53AB, bytes.fromhex("1043a770")), element(0x53AC, at))
    parts = [element(0x114D9B74, seek), cluster, told] if late else [told, cluster]
    return BytesIO(element(0x1A45DFA3) + element(0x18538067, *parts))


def titles(file: BytesIO) -> list[str] | None:
    found: Any = chapters(file, len(file.getvalue()))  # type: ignore[arg-type]
    return None if found is None else [each.title for each in found]


ONE, TWO = atom(0, "One"), atom(3, "Two")


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("editions", "shown"),
    [
        ([edition(ONE, TWO)], ["One", "Two"]),
        ([edition(ONE), edition(TWO)], ["One"]),
        ([edition(ONE), edition(TWO, default=1)], ["Two"]),
        ([edition(ONE, hidden=1), edition(TWO)], ["Two"]),
        ([edition(ONE, hidden=1, default=1), edition(TWO)], ["Two"]),
        ([edition(ONE, hidden=1)], ["One"]),
        ([edition(TWO, ONE, ordered=1)], ["One", "Two"]),
        ([edition(ONE, atom(3, "Hidden", element(0x98, 1)))], ["One"]),
        ([edition(ONE, atom(3, "Off", element(0x4598, 0)))], ["One"]),
        ([edition(ONE, atom(3, "Elsewhere", element(0x6E67, b"u" * 16)))], ["One"]),
        ([edition(atom(0, "One", TWO))], ["One"]),
        ([edition()], []),
        ([], None),
    ],
)
def test_the_edition_that_is_shown_is_read(
    editions: list[bytes], shown: list[str] | None, late: bool
) -> None:
    assert titles(video(*editions, late=late)) == shown


@given(st.binary(max_size=40), st.integers(0, 300), st.booleans())
def test_no_bytes_whatever_break_the_reader(noise: bytes, at: int, late: bool) -> None:
    whole = video(edition(ONE, TWO), edition(TWO, default=1), late=late).getvalue()
    titles(BytesIO(whole[:at] + noise + whole[at + len(noise) :]))
    titles(BytesIO(whole[:at]))


@pytest.mark.parametrize("format_", EACH_WAY)
async def test_one_sound_is_in_one_file_only(hall: Hall, format_: Format) -> None:
    await hall.convert(CASES / "A07_editions.mkv", format=format_)
    assert marks_in(hall) == [(0, 2, "One"), (2, 4, "Two"), (4, 6, "Three")]
    made = await hall.convert(CASES / "A07_editions.mkv", format=format_, chapters=Chapters.SPLIT)
    assert (made.parts, made.duration_seconds) == (3, pytest.approx(6, abs=0.05))
