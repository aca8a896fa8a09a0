from pathlib import Path

import pytest

from cli.convert import imports
from cli.convert.sources import source
from cli.exits import Exit
from tests.cli.convert.typed import ONE_FAILED, convert
from tests.cli.gateways import Gateway

pytestmark = pytest.mark.usefixtures("signed_in")


def test_a_video_at_an_address_is_fetched_by_the_gateway_and_its_audio_comes_here(
    server: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(imports, "PAUSE", 0.01)
    fetching = {"state": "fetching", "bytes_done": 5, "bytes_total": 10}
    server.standings = [{"state": "waiting", "trouble": "it is away"}, fetching, {"state": "imported"}]
    url = "https://example.test/a/h%C3%A4ns%20talk.mp4?token=signed"
    assert convert(server, url, "--format", "opus") == Exit.OK
    assert (tmp_path / "häns talk.opus").read_bytes() == server.audio
    assert server.imports == [{"url": url, "options": {"format": "opus"}}]
    shown = capsys.readouterr()
    assert "signed" not in shown.out + shown.err


def test_a_gateway_that_is_away_when_an_address_is_told_gets_it_once(
    server: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server.standings, server.import_breaks = [{"state": "imported"}], 1
    assert convert(server, "https://example.test/talk.mp4") == Exit.OK
    [first, second] = server.import_keys
    assert first == second


def test_a_video_that_cannot_be_fetched_says_the_sentence_and_the_next_has_its_turn(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(video.parent)
    server.standings = [{"state": "failed", "error": {"code": "refused", "message": "There is nothing."}}]
    assert convert(server, "https://example.test/../..%2f\x1b[2J", video) == ONE_FAILED
    assert "There is nothing." in capsys.readouterr().err
    assert video.with_suffix(".mp3").exists()


@pytest.mark.parametrize(
    ("text", "name", "is_address"),
    [
        ("talk.mp4", "talk.mp4", False),
        ("https:talk.mp4", "https:talk.mp4", False),
        ("HTTPS://example.test/talk.mp4#t=5", "talk.mp4", True),
        ("http://example.test/", "video", True),
        ("http://example.test/a/..", "video", True),
        ("http://example.test/%2Fetc%2Fpasswd", "etc_passwd", True),
        ("http://[example/talk.mp4", "video", True),
    ],
)
def test_what_begins_as_an_address_is_one_and_its_name_is_no_path(
    text: str, name: str, is_address: bool
) -> None:
    video = source(text)
    assert (video.name, bool(video.url)) == (name, is_address)


def test_only_http_is_fetched(server: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(server, "FTP://example.org/y.mp4") == Exit.USAGE
    assert "a gateway fetches by http and https, not by ftp" in capsys.readouterr().err
