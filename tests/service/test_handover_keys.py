"""Keys that sign links and seal what is stored; a secret is exchanged without breaking either."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.handover_keys import (
    HandoverKeys,
    NoHandoverSecrets,
    NotSealed,
    NotSigned,
    handover_keys,
)
from service.settings import InvalidSetting

OLD, NEW = "canary-of-old-16b", "canary-of-new-16b"
KEYS = handover_keys(f"a:{base64.b64encode(OLD.encode()).decode()}")
BOTH = handover_keys(
    ",".join(f"{key}:{base64.b64encode(s.encode()).decode()}" for key, s in [("b", NEW), ("a", OLD)])
)
ONLY_NEW = handover_keys(f"b:{base64.b64encode(NEW.encode()).decode()}")
MESSAGE = b"\x00link\xff"


def test_a_token_is_good_for_its_purpose_and_safe_in_a_url() -> None:
    token = KEYS.sign("link", MESSAGE)
    assert KEYS.signed("link", token) == MESSAGE
    assert token.isascii()
    assert token.replace("-", "").replace("_", "").isalnum()
    with pytest.raises(NotSigned):
        KEYS.signed("feed", token)


@given(st.data())
def test_a_token_with_any_other_character_is_none(data: st.DataObject) -> None:
    """The last character too, whose lowest bits base64 would ignore."""
    token = KEYS.sign("link", MESSAGE)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda each: each != token[at]))
    for wrong in (token[:at] + other + token[at + 1 :], token[:at], token + other):
        with pytest.raises(NotSigned):
            KEYS.signed("link", wrong)


@given(st.binary(max_size=100))
def test_no_bytes_that_somebody_makes_up_are_signed_or_sealed(data: bytes) -> None:
    with pytest.raises(NotSigned):
        KEYS.signed("link", base64.urlsafe_b64encode(data).decode().rstrip("="))
    with pytest.raises(NotSealed):
        KEYS.open("url", data)
    with pytest.raises(NotSealed):
        KEYS.open("url", b"\x01a" + data)


def test_what_is_sealed_opens_for_its_purpose_only_and_never_looks_the_same() -> None:
    sealed = KEYS.seal("hook-url 1", "https://example.org/ü")
    assert KEYS.open("hook-url 1", sealed) == "https://example.org/ü"
    assert sealed != KEYS.seal("hook-url 1", "https://example.org/ü")
    with pytest.raises(NotSealed):
        KEYS.open("hook-url 2", sealed)


def test_after_the_exchange_of_a_secret_the_old_one_is_taken_until_it_goes() -> None:
    token, sealed = KEYS.sign("link", MESSAGE), KEYS.seal("url", "text")
    assert BOTH.signed("link", token) == MESSAGE
    assert BOTH.open("url", sealed) == "text"
    assert ONLY_NEW.signed("link", BOTH.sign("link", MESSAGE)) == MESSAGE
    assert ONLY_NEW.open("url", BOTH.seal("url", "text")) == "text"
    with pytest.raises(NotSigned):
        ONLY_NEW.signed("link", token)
    with pytest.raises(NotSealed, match="'a' is not in HANDOVER_SECRETS"):
        ONLY_NEW.open("url", sealed)


@pytest.mark.parametrize("make", [lambda keys: keys.sign("link", b""), lambda keys: keys.seal("url", "")])
def test_without_secrets_nothing_is_made_and_nothing_believed(make: Callable[[HandoverKeys], object]) -> None:
    nothing = handover_keys(" ")
    with pytest.raises(NoHandoverSecrets):
        make(nothing)
    with pytest.raises(NotSigned):
        nothing.signed("link", KEYS.sign("link", b""))


@pytest.mark.parametrize(
    "setting",
    [
        "hush",
        "a:hush",
        "a:" + "ab?" * 8,
        "a b:" + "hush" * 8,
        f"a:{'hush' * 8},a:{'hush' * 8}",
        ":" + "hush" * 8,
    ],
)
def test_a_wrong_setting_is_named_and_no_part_of_it_repeated(setting: str) -> None:
    with pytest.raises(InvalidSetting, match="HANDOVER_SECRETS") as error:
        handover_keys(setting)
    assert "hush" not in str(error.value)


def test_secrets_are_shown_nowhere() -> None:
    assert repr(BOTH) == "HandoverKeys(b, a)"
