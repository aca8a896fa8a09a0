"""Which gateway is meant by what people type, and what is kept of a sign-in."""

import errno
from pathlib import Path
from typing import Any

import pytest

from cli.client.answers import Token
from cli.client.config import Config
from cli.client.errors import Unreachable
from cli.client.sessions import Way, kept_at
from cli.sign_in.login import Entered, keep, meant


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("tonearm.example.org", "https://tonearm.example.org"),
        ("localhost", "http://localhost"),
        ("LOCALHOST:8080", "http://LOCALHOST:8080"),
        ("127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("localhost.example.org", "https://localhost.example.org"),
        ("127.0.0.1.example.org:8080", "https://127.0.0.1.example.org:8080"),
    ],
)
def test_only_this_machine_is_asked_without_https_unless_told(typed: str, url: str) -> None:
    assert meant(typed, None, Config())[0] == url


class Entrance:
    """Notes which sessions end; `away` is a gateway that does not answer any more."""

    url, away = "https://x.example", False

    def __init__(self) -> None:
        self.ended: list[str] = []

    def end(self, refresh_token: str) -> None:
        self.ended.append(refresh_token)
        if self.away:
            raise Unreachable("away")


@pytest.fixture
def entrance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return Entrance()


def entered(refresh: str) -> Entered:
    return Entered(Way.BROWSER, "ada@x", Token("access", 900, refresh))


def test_a_new_session_is_kept_before_the_one_in_its_place_ends(entrance: Any, tmp_path: Path) -> None:
    keep(entrance, entered("first"))
    entrance.away = True
    keep(entrance, entered("second"))
    with kept_at(tmp_path / "tonearm/sessions", entrance.url, "ada@x").held() as session:
        assert (session.refresh_token, entrance.ended) == ("second", ["first"])


def test_a_session_that_cannot_be_kept_ends_and_that_is_said(
    entrance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "no space", str(file))

    keep(entrance, entered("first"))
    monkeypatch.setattr("cli.client.sessions.write_whole", full)
    with pytest.raises(OSError, match="no space"):
        keep(entrance, entered("second"))
    assert entrance.ended == ["second"]


@pytest.mark.parametrize(
    "damaged", [b"", b"\0" * 100, b"[]", b'{"access_token": "\xff"}', b'{"way": "none"}']
)
def test_a_session_that_a_disk_has_damaged_is_none(entrance: Any, tmp_path: Path, damaged: bytes) -> None:
    keep(entrance, entered("first"))
    [kept] = (tmp_path / "tonearm/sessions").glob("*.json")
    kept.write_bytes(damaged)
    with kept_at(kept.parent, entrance.url, "ada@x").held() as session:
        assert session.refresh_token == ""
