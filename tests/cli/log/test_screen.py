"""Lines that are coloured, cut, and in which something stands out."""

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cli.log.screen import Screen, briefly

SPANS = st.lists(st.tuples(st.text("abc日 ", max_size=8), st.sampled_from(["", "2", "1;31"])), max_size=6)
CODES = re.compile(r"\x1b\[([0-9;]*)m")


def in_reverse(line: str) -> str:
    """The text that is shown in reverse, as a terminal understands the codes."""
    kept, reverse, at = [], False, 0
    for code in CODES.finditer(line):
        kept.append(line[at : code.start()] if reverse else "")
        reverse, at = "7" in code[1].split(";"), code.end()
    return "".join(kept)


@given(SPANS, st.sampled_from(["a", "b+c", "x*", "日", "."]))
def test_what_is_highlighted_stands_out_and_the_text_stays_as_it_is(spans, pattern):
    plain = "".join(text for text, _ in spans)
    line = Screen(colour=True, highlight=(re.compile(pattern),)).line(spans)
    assert CODES.sub("", line) == plain
    assert in_reverse(line) == "".join(re.findall(pattern, plain))


def test_a_match_may_cross_colours_and_others():
    screen = Screen(colour=True, highlight=(re.compile("b=1"), re.compile("1 c")))
    assert screen.line([("a b=", "2"), ("1", ""), (" c", "")]) == (
        "\x1b[2ma \x1b[0m\x1b[2;7mb=\x1b[0m\x1b[7m1\x1b[0m\x1b[7m c\x1b[0m"
    )


def test_without_colour_nothing_is_painted():
    assert Screen(highlight=(re.compile("a"),)).line([("a", "31")]) == "a"


@given(SPANS, st.integers(1, 30))
def test_a_line_fits_the_terminal_whatever_is_in_it(spans, columns):
    plain = "".join(text for text, _ in spans)
    fitting = Screen(columns=lambda: columns).fitting(spans)
    shown = "".join(text for text, _ in fitting)
    assert cell_len(shown) <= columns
    assert shown == plain or shown.endswith("…") or cell_len(plain) > columns == cell_len(shown)
    assert Screen().fitting(spans) == spans


def test_a_long_value_is_cut_at_a_terminal_only_and_says_so():
    assert Screen(columns=lambda: 80).shortened("x" * 1500) == "x" * 400 + "… (1,100 more)"
    assert Screen().shortened("x" * 1500) == "x" * 1500


def test_an_id_or_a_hash_is_shown_by_its_beginning():
    assert briefly("0123456789ab" + "c" * 52) == "0123456789ab"
    assert briefly("c" * 65) == "c" * 65
    assert briefly("01a22743-aaaa-7000-8000-000000000001") == "01a22743-aaaa"
    assert briefly("a name\nof two lines") == "a name"
