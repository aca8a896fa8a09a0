"""Which gateway is meant, and as whom: what options say, then the environment, then the settings."""

from pathlib import Path

import httpx
import pytest

from cli.client.answers import Token, read_as
from cli.client.config import ConfigFile, Known
from cli.client.credentials import Asked, Credentials, credentials_for
from cli.client.errors import ClientError, CredentialsMissing, SignInRefused
from cli.client.gateway import Gateway
from cli.client.sessions import Way
from cli.errors import WrongArgument
from tests.cli import gateways
from tests.cli.gateways import EMAIL, PASSWORD

ELSEWHERE = "https://elsewhere.example.org"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Somebody who knows two gateways, and a stack on this machine."""
    environ = {
        "XDG_CONFIG_HOME": str(tmp_path),
        "LOCAL_DIR": str(tmp_path / "local"),
        "ADMIN_EMAIL": "admin@here",
        "ADMIN_PASSWORD": "secret",
    }
    config = ConfigFile(environ)
    config.add("home", Known("https://home.example.org", "ada@home"))
    config.add("work", Known("https://work.example.org/", "ada@work"))
    return environ


def found(asked: Asked, environ: dict[str, str]) -> Credentials:
    return credentials_for(asked, start=False, environ=environ)


def test_options_come_before_the_environment_and_that_before_the_settings(environ: dict[str, str]) -> None:
    told = environ | {"TONEARM_URL": ELSEWHERE, "TONEARM_EMAIL": "env@x", "TONEARM_ON": "home"}
    named = environ | {"TONEARM_ON": "home"}
    for asked, given, name, url, email in (
        (Asked(), environ, "work", "https://work.example.org", "ada@work"),
        (Asked(), named, "home", "https://home.example.org", "ada@home"),
        (Asked(), told, "", ELSEWHERE, "env@x"),
        (Asked(on="work"), told, "work", "https://work.example.org", "ada@work"),
        (Asked(url="https://home.example.org"), named, "home", "https://home.example.org", "ada@home"),
        (Asked(email="b@c"), told, "", ELSEWHERE, "b@c"),
        (Asked(on="local"), environ, "local", "http://127.0.0.1:8080", "admin@here"),
    ):
        account = found(asked, given)
        assert (account.name, account.url, account.email) == (name, url, email), asked.on


def test_a_password_goes_to_its_owner_only_and_a_key_not_where_an_option_names_another(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = environ | {"TONEARM_EMAIL": "env@x", "TONEARM_PASSWORD": "p", "TONEARM_KEY": "tonearm_k"}
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    for asked in (Asked(email="other@x"), Asked(on="home")):
        with pytest.raises(CredentialsMissing, match=r"give TONEARM_PASSWORD, or sign in once by `tonearm"):
            found(asked, told).ask()
    assert found(Asked(email="env@x"), told).ask() == "p"
    own = told | {"TONEARM_URL": ELSEWHERE}
    with pytest.raises(CredentialsMissing, match="nobody to sign in as"):
        found(Asked(url="https://another.example.org"), own)
    assert found(Asked(url=f"{ELSEWHERE}/"), own).kept.is_there
    with found(Asked(), told).kept.held() as session:
        assert (session.key, session.way) == ("tonearm_k", Way.KEY)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(url=ELSEWHERE, on="home"), "give one of them"),
        (Asked(on="hme"), "no gateway has the name 'hme' here, but: local, home, work"),
        (Asked(url="https://a:hush@b"), "--url takes no password"),
        (Asked(url="https://a/?hush"), "--url takes the URL of a gateway"),
        (Asked(url="hush"), "--url takes the URL of a gateway"),
        (Asked(url="https://hush\t.example.org"), "--url takes the URL of a gateway"),
        (Asked(url="https://hush..example.org"), "--url takes the URL of a gateway"),
        (Asked(url=f"https://hush{'-' * 60}.org"), "--url takes the URL of a gateway"),
        (Asked(url="https://xn--.hush"), "--url takes the URL of a gateway"),
    ],
)
def test_what_names_no_gateway_is_refused_and_not_repeated(
    environ: dict[str, str], asked: Asked, said: str
) -> None:
    with pytest.raises(WrongArgument, match=said) as caught:
        found(asked, environ)
    assert "hush" not in str(caught.value)


def test_a_key_is_shown_as_it_is_and_one_that_is_refused_is_said(
    server: gateways.Gateway, environ: dict[str, str]
) -> None:
    told = environ | {"TONEARM_URL": server.url, "TONEARM_KEY": "token-0"}
    account = found(Asked(), told)
    with Gateway(account.url, account.kept) as gateway:
        gateway.sign_in(account.email, account.ask)
        assert gateway.job("j-1").state == "uploaded"
        server.expire_tokens()
        with pytest.raises(SignInRefused, match="the API key is not good, or not any more"):
            gateway.job("j-1")
    assert (server.sign_ins, server.refreshes) == (0, [])


def test_a_key_of_the_environment_may_have_blanks_around_it_and_an_odd_one_is_never_shown(
    server: gateways.Gateway, environ: dict[str, str]
) -> None:
    told = environ | {"TONEARM_URL": server.url}
    account = found(Asked(), told | {"TONEARM_KEY": " token-0\r\n"})
    with Gateway(account.url, account.kept) as gateway:
        gateway.sign_in(account.email, account.ask)
        assert gateway.job("j-1").state == "uploaded"
    for odd in ("tonearm_hush\nX-Other: 1", "tonearm_hush\udcff", "hush hush"):
        with pytest.raises(WrongArgument, match="TONEARM_KEY: this is no API key") as caught:
            found(Asked(), told | {"TONEARM_KEY": odd})
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize("token", ["hush\r\nX-Other: 1", "hush ä", ""])
def test_a_token_that_no_header_can_hold_is_not_taken_up_nor_shown(token: str) -> None:
    answer = httpx.Response(200, json={"access_token": token}, request=httpx.Request("POST", ELSEWHERE))
    with pytest.raises(ClientError, match="is not understood") as caught:
        read_as(answer, Token)
    assert "hush" not in repr(caught.value.__cause__)


def test_a_session_of_a_browser_that_has_ended_asks_for_no_password(
    server: gateways.Gateway, environ: dict[str, str]
) -> None:
    account = found(Asked(url=server.url, email=EMAIL), environ)
    with account.kept.held() as session:
        session.become("token-0", "another", 900)
        session.way = Way.BROWSER
    server.expire_tokens()
    with Gateway(account.url, account.kept) as gateway:
        gateway.sign_in(account.email, lambda: PASSWORD)
        with pytest.raises(SignInRefused, match="`tonearm login http"):
            gateway.job("j-1")
    assert server.sign_ins == 0
