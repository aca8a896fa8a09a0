import pytest

from auth.errors import InvalidRequest
from auth.passwords.rules import LONGEST, SHORTEST, PasswordRules

EMAIL = "ann.miller@example.com"


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "iloveyou all, my dear cats",  # of common words, which is nobody's business
        "aaaaaaaaaaaaaab!",
        "tonearm plays my records",
        "my name is ann.miller",
        "пароль из моего детства",
        "🐈🐕🐎🐖🐄🐑🐐🦆🐓🐇🦔🦇🐿🦫🦡",
        "x" * 7 + "y" * (LONGEST - 7),
    ],
)
def test_a_long_password_of_any_characters_will_do(password: str) -> None:
    PasswordRules().check(password, EMAIL)


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("fourteen chars", "at least 15"),
        ("é" * 7 + "e\u0301" * 7, "at least 15"),  # fourteen letters, however composed
        ("🐈" * 14, "at least 15"),
        ("x" * (LONGEST + 1), "256 characters at most"),
        ("polniypizdec0211", "most common"),
        ("Qwerty123456789", "most common"),
        ("passwordpassword", "most common"),
        ("password1234567", "two of them joined"),
        ("letmeinletmeinletm", "most common"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("abababababababab", "repeats"),
        ("abcdefghijklmnopq", "counts on"),
        ("9876543210/.-,+*", "counts on"),
        ("Ann.Miller123456", "e-mail address"),
        ("ann.miller@example.com", "e-mail address"),
        ("2026-example.com!", "e-mail address"),
        ("tonearmTonearm!!", "service's name"),
    ],
)
def test_what_may_not_be_chosen_is_told_by_its_rule_and_never_repeated(password: str, rule: str) -> None:
    with pytest.raises(InvalidRequest, match=rule) as told:
        PasswordRules().check(password, EMAIL)
    assert password.casefold() not in str(told.value)


def test_where_another_factor_follows_the_operator_may_ask_for_less() -> None:
    PasswordRules(8).check("zgreedvA", EMAIL)
    for common in ("password", "12345678", "iloveyou", "baseball"):
        with pytest.raises(InvalidRequest, match="most common"):
            PasswordRules(8).check(common, EMAIL)


def test_what_an_address_is_too_short_to_be_a_word_forbids_nothing() -> None:
    PasswordRules().check("a1847302995711203", "a@b.cc")
    assert SHORTEST == 15
