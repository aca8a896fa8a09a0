"""Names in a ZIP: each fits every system, and no system takes two of them for one."""

import unicodedata
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.side_by_side import LONGEST, safe, side_by_side
from events.texts import harmless

NAMES = st.lists(st.text(max_size=20).map(lambda stem: f"{stem}.mp3"), max_size=12)


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("Süße „Lieder“.mp3", "Süße „Lieder“.mp3"),
        ("To be continued....mp3", "To be continued....mp3"),
        ("../../etc/passwd.mp3", "_.._etc_passwd.mp3"),
        ('a<b>c:d"e|f?g*h\\i.mp3', "a_b_c_d_e_f_g_h_i.mp3"),
        ("evil\u202e3pm.exe.mp3", "evil_3pm.exe.mp3"),
        ("one\r\ntwo\x00.mp3", "one__two_.mp3"),
        ("CON.mp3", "_CON.mp3"),
        ("aux.tar.mp3", "_aux.tar.mp3"),
        ("Nul .mp3", "_Nul .mp3"),
        ("COM¹.mp3", "_COM¹.mp3"),
        ("Concert.mp3", "Concert.mp3"),
        (".hidden.mp3", "hidden.mp3"),
        ("name. . ", "name"),
        ("\u200b.mp3", "audio.mp3"),
        ("e\u0301.mp3", "é.mp3"),
        ("ä" * 300 + ".flac", "ä" * 97 + ".flac"),
    ],
)
def test_a_name_is_made_to_fit(name: str, fit: str) -> None:
    assert safe(name) == fit


@pytest.mark.parametrize(
    ("names", "told_apart"),
    [
        (["a.mp3", "a.mp3", "a.mp3"], ["a.mp3", "a (2).mp3", "a (3).mp3"]),
        (["a.mp3", "A.MP3"], ["a.mp3", "A (2).MP3"]),
        (["a (2).mp3", "a.mp3", "a.mp3"], ["a (2).mp3", "a.mp3", "a (3).mp3"]),
        (["straße.mp3", "STRASSE.mp3"], ["straße.mp3", "STRASSE (2).mp3"]),
        (["ı.mp3", "I.mp3"], ["ı.mp3", "I (2).mp3"]),
        (["é.mp3", "e\u0301.mp3"], ["é.mp3", "é (2).mp3"]),
        (["a\u200d.mp3", "a.mp3"], ["a\u200d.mp3", "a (2).mp3"]),
        (["a:b.mp3", "a?b.mp3"], ["a_b.mp3", "a_b (2).mp3"]),
        (["a.mp3", "a.flac"], ["a.mp3", "a.flac"]),
        (["x" * 300 + ".mp3"] * 2, ["x" * 196 + ".mp3", "x" * 192 + " (2).mp3"]),
    ],
)
def test_names_that_a_system_takes_for_one_get_a_number(names: list[str], told_apart: list[str]) -> None:
    assert list(side_by_side(names)) == told_apart


@given(NAMES)
@example(["a (2).mp3", "a.mp3", "A.mp3", "a (2).mp3"])
@example(["ŉ.mp3", "ʼn.mp3", "İ.mp3", "i̇.mp3"])
def test_no_two_names_are_the_same_anywhere(names: list[str]) -> None:
    found = list(side_by_side(names))
    for alike in (
        str.casefold,
        str.upper,
        str.lower,
        lambda name: unicodedata.normalize("NFD", name.lower()),
    ):
        assert len({alike(name) for name in found}) == len(names)
    for name in found:
        assert name == safe(name)
        assert name == harmless(name)
        assert not set(name) & set('<>:"/\\|?*')
        assert len(name.encode()) <= LONGEST
        assert name == unicodedata.normalize("NFC", name)
        assert not name.startswith((".", " "))
        assert not name.endswith((".", " "))


def test_a_thousand_names_alike_take_no_time() -> None:
    began = process_time()
    found = list(side_by_side(["same.mp3"] * 1000))
    assert found[-1] == "same (1000).mp3"
    assert process_time() - began < 0.5
