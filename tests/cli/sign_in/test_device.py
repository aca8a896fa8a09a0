"""Waiting for somebody who approves: with patience, and as fast as the gateway wants it."""

import pytest

from cli.client.answers import Token
from cli.client.entrance import Codes, Entrance
from cli.client.errors import ClientError, RequestRefused, SignInRefused, Troubled, Unreachable
from cli.sign_in.device import by_browser

TOKEN = Token("access", 900, "refresh")


def waits(error: str) -> RequestRefused:
    return RequestRefused(400, error, {"error": error})


class Gateway(Entrance):
    """Answers as it is told, one after the other."""

    def __init__(self, *outcomes: ClientError | Token, codes: Codes | None = None) -> None:
        super().__init__("http://127.0.0.1:1")
        self._codes = codes or Codes("device", "WDJB-\x1b[31mMJHT", "https://x.example/device", interval=2.0)
        self._outcomes = list(outcomes)

    def begin(self) -> Codes:
        return self._codes

    def token(self, device_code: str) -> Token:
        assert device_code == self._codes.device_code
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Token):
            return outcome
        raise outcome


def test_it_asks_on_while_nobody_has_answered_slower_when_told_and_through_a_break(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waited: list[float] = []
    gateway = Gateway(
        waits("authorization_pending"),
        waits("slow_down"),
        Unreachable("away"),
        Troubled(503, "away"),
        TOKEN,
    )
    assert by_browser(gateway, sleep=waited.append) is TOKEN
    assert waited == [2.0, 2.0, 7.0, 7.0, 7.0]
    said = capsys.readouterr().err
    assert "https://x.example/device\n" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (waits("access_denied"), "it was denied"),
        (waits("expired_token"), "expired, or was used already"),
        (RequestRefused(429, "too many", {}), "too many"),
    ],
)
def test_what_ends_it_is_said(outcome: RequestRefused, said: str) -> None:
    with pytest.raises(RequestRefused, match=said):
        by_browser(Gateway(waits("authorization_pending"), outcome), sleep=lambda _: None)


def test_odd_intervals_of_a_gateway_are_bounded() -> None:
    for told, waits_for in ((-1.0, 1.0), (0.0, 1.0), (1e9, 1800.0)):
        codes = Codes("device", "WDJB-MJHT", "https://x.example/device", expires_in=1e300, interval=told)
        waited: list[float] = []
        by_browser(Gateway(TOKEN, codes=codes), sleep=waited.append)
        assert waited == [waits_for]


def test_a_code_that_is_over_is_asked_for_no_more() -> None:
    codes = Codes("device", "WDJB-MJHT", "https://x.example/device", expires_in=0.0)
    with pytest.raises(SignInRefused, match="in time"):
        by_browser(Gateway(codes=codes), sleep=lambda _: None)


@pytest.mark.parametrize(
    ("page", "is_warned_of"),
    [
        ("http://127.0.0.1:8080/device", False),
        ("http://localhost:8080/device", False),
        ("https://other.example/device", True),
        ("https://127.0.0.1@other.example/device", True),
        ("https://[", True),
        ("", True),
    ],
)
def test_a_page_of_another_site_may_be_the_bait_of_one_who_wants_in_there(
    page: str, is_warned_of: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    by_browser(Gateway(TOKEN, codes=Codes("device", "WDJB-MJHT", page)), sleep=lambda _: None)
    assert ("not at http://127.0.0.1:1." in capsys.readouterr().err) is is_warned_of


@pytest.mark.parametrize(
    "complete", ["https://other.example/", "https://x.example/" + "a" * 5000, "", "https://["]
)
def test_a_picture_leads_nowhere_else_than_what_is_written(
    complete: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("cli.sign_in.device.code_of", lambda url: drawn.append(url) or "")
    page = "https://x.example/device"
    for told in (complete, f"{page}?code=WDJB-MJHT"):
        codes = Codes("device", "WDJB-MJHT", page, told)
        by_browser(Gateway(TOKEN, codes=codes), sleep=lambda _: None)
    assert drawn == [page, f"{page}?code=WDJB-MJHT"]
