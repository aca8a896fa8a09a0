import io
from pathlib import Path

import pytest

from cli.client.credentials import Asked, credentials_for
from cli.client.errors import CredentialsMissing
from cli.exits import Exit
from cli.main import main
from tests.cli.convert.typed import convert
from tests.cli.gateways import EMAIL, PASSWORD, Gateway

pytestmark = pytest.mark.usefixtures("signed_in")


def test_one_sign_in_serves_several_commands_and_the_disk_has_no_password(
    server: Gateway, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert convert(server, video) == Exit.OK
    monkeypatch.delenv("TONEARM_PASSWORD")  # the session does without
    assert convert(server, video) == Exit.OK
    assert server.sign_ins == 1
    assert server.refreshes == []
    [kept] = (tmp_path / "config" / "tonearm" / "sessions").glob("*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert PASSWORD.encode() not in kept.read_bytes()


def test_a_password_that_is_asked_for_signs_in_anew_and_a_wrong_one_is_refused(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes by a terminal or standard input: the line itself stands in every list of processes."""

    def given(password: str) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        return convert(server, video, "--password")

    assert convert(server, video) == Exit.OK
    monkeypatch.setenv("TONEARM_PASSWORD", "wrong")
    assert convert(server, video, f"--password={PASSWORD}") == Exit.USAGE
    assert given("wrong") == Exit.NOPERM
    assert convert(server, video) == Exit.OK  # the session is still there
    assert server.sign_ins == 1
    assert given(PASSWORD) == Exit.OK
    assert server.sign_ins == 2
    assert server.refreshes == [("/logout", "refresh")]  # of the session before


def test_standard_input_is_a_video_or_a_password(
    server: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD))
    assert convert(server, "-", "-o", "a.mp3", "--password") == Exit.USAGE
    assert "TONEARM_PASSWORD" in capsys.readouterr().err


def test_a_password_that_is_asked_for_is_the_local_admins_where_nobody_else_is_named(tmp_path: Path) -> None:
    told = {"LOCAL_DIR": str(tmp_path), "ADMIN_EMAIL": "x@y", "ADMIN_PASSWORD": "first"}
    for given, used in (("line", "line"), (None, "first")):
        asked = Asked(password=given)
        account = credentials_for(asked, start=False, environ={**told, "TONEARM_PASSWORD": "z"})
        assert (account.email, account.ask()) == ("x@y", used)


def test_only_what_is_missing_to_sign_in_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, environ = Asked("https://tonearm.example.org"), {"XDG_CONFIG_HOME": str(tmp_path)}
    with pytest.raises(CredentialsMissing, match=r"^nobody to sign in as: `tonearm login https://tonearm\."):
        credentials_for(elsewhere, start=False, environ=environ)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    asked = elsewhere._replace(email="ada@example.org")
    ada = credentials_for(asked, start=False, environ=environ)
    with pytest.raises(CredentialsMissing, match="no password of ada"):
        ada.ask()


def test_a_session_that_the_gateway_does_not_know_any_more_is_begun_again(
    server: Gateway, video: Path
) -> None:
    assert convert(server, video, "--format", "mp3", "--chapters", "keep") == Exit.OK
    server.refresh = "another"
    server.expire_tokens()
    assert convert(server, video, "--format", "flac", "--chapters", "keep") == Exit.OK
    assert server.sign_ins == 2
    assert len(server.uploads) == len(server.outputs) == 1


@pytest.mark.parametrize("password", ["wrong", ""], ids=["wrong", "missing"])
def test_who_cannot_sign_in_is_told_so(
    server: Gateway, video: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("TONEARM_PASSWORD", password)
    assert convert(server, video) == Exit.NOPERM


def test_a_gateway_that_is_away_has_a_code_of_its_own(
    video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(video), "--url", "http://127.0.0.1:1"]) == Exit.UNAVAILABLE
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://h:port", "localhost:8080", "http://me:hush@127.0.0.1:1", "http://me:1?hush@h"],
)
def test_a_url_that_is_none_or_has_a_password_is_refused_and_not_repeated(
    video: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert main(["convert", str(video), "--url", url]) == Exit.USAGE
    said = capsys.readouterr().err
    assert said.startswith("tonearm convert: --url takes")
    assert "hush" not in said


def test_a_local_stack_that_is_down_and_may_not_be_started_is_told_so(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TONEARM_EMAIL")
    monkeypatch.delenv("ADMIN_EMAIL", raising=False)
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))
    assert main(["convert", str(video), "--no-start"]) == Exit.UNAVAILABLE
    assert "the local stack does not run" in capsys.readouterr().err


def test_the_local_stack_is_found_where_it_listens(tmp_path: Path) -> None:
    told = {"LOCAL_DIR": str(tmp_path), "GATEWAY_HOST": "::1", "GATEWAY_PORT": "8090"}
    assert (
        credentials_for(Asked(email="a@b"), start=False, environ={**told, "ADMIN_EMAIL": "x"}).url
        == "http://[::1]:8090"
    )


def test_a_refused_first_admin_is_told_that_the_password_of_the_first_start_counts(
    server: Gateway,
    video: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("TONEARM_EMAIL")
    monkeypatch.delenv("TONEARM_PASSWORD")
    told = {"ADMIN_EMAIL": EMAIL, "ADMIN_PASSWORD": "another", "GATEWAY_PORT": str(server.server_address[1])}
    for name, value in {**told, "LOCAL_DIR": str(tmp_path / "local")}.items():
        monkeypatch.setenv(name, value)
    assert main(["convert", str(video), "--no-start"]) == Exit.NOPERM
    assert "ADMIN_PASSWORD does not change it" in capsys.readouterr().err
