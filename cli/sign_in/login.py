"""`tonearm login`: sign in to a gateway, and know it by a name from then on."""

import os
import re
import sys
from contextlib import suppress
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from cli.called import called
from cli.client.answers import Token
from cli.client.asking import names
from cli.client.config import LOCAL, Config, ConfigFile, Known, checked_name, default_is
from cli.client.credentials import check_url
from cli.client.entrance import Entrance
from cli.client.errors import Unreachable
from cli.client.gateway import HERE
from cli.client.own_files import locked, settings_folder
from cli.client.sessions import Session, Way, api_key, kept_at
from cli.client.typed import secret
from cli.errors import WrongArgument
from cli.exits import Exit
from cli.pretty import visible
from cli.sign_in.device import by_browser
from cli.tree.command import command
from cli.tree.types import Read


class Entered(NamedTuple):
    """The person who has signed in, and by what."""

    way: Way
    email: str = ""
    token: Token | None = None
    key: str = ""

    def __repr__(self) -> str:
        return "Entered(…)"


@command(
    examples=[
        "tonearm login tonearm.example.org",
        "tonearm login https://tonearm.example.org --name work",
        "tonearm login work --password --email ada@example.org",
        "tonearm login work --key < key.txt",
    ],
    exits={
        Exit.FAILED: "there is no gateway at this address",
        Exit.UNAVAILABLE: "the gateway is away",
        Exit.REFUSED: "too many have tried of late",
        Exit.CANTCREAT: "nothing can be kept here",
        Exit.NOPERM: "it was refused, or not approved in time",
        Exit.INTERRUPTED: "Ctrl-C",
    },
    epilog="Without an option you approve it in a browser, where you sign in as you always do, by OpenID"
    " Connect, too. Passwords and keys are asked for, or read from standard input.",
)
@click.argument(
    "gateway", required=False, metavar="[GATEWAY]", shell_complete=lambda _, __, begun: names(begun)
)
@click.option("--password", "by_password", is_flag=True, help="by e-mail and password")
@click.option("--key", "by_key", is_flag=True, help="by an API key")
@click.option("--email", help="whose password it is")
@click.option("--name", type=Read("NAME", checked_name), help="what --on will call it; without it, its host")
def login(gateway: str | None, by_password: bool, by_key: bool, email: str | None, name: str | None) -> None:
    """Sign in to a gateway, by its address or its name.

    It is the one that all commands mean from then on, unless --on or --url name another.
    """
    if by_password and by_key:
        raise click.UsageError("--password and --key exclude each other")
    if email and not by_password:
        raise click.UsageError("--email says whose password it is: give --password, too")
    config = ConfigFile(os.environ)
    with locked(config.path), locked(_sessions() / "new"):  # what could not be kept is not begun
        known = config.read()
    url, name = meant(gateway, name, known)
    if url.startswith("http:") and urlsplit(url).hostname not in HERE:
        _say("Without https, whoever is on the way can read along and sign in as you.")
    with Entrance(url) as entrance:
        providers = entrance.ways().providers
        if by_key:
            entered = _by_key(entrance)
        elif by_password:
            entered = _by_password(entrance, email or _email_of(known, name))
        else:
            entered = _by_browser(entrance, list(providers.values()))
        keep(entrance, entered)
    config.add(name, Known(url, entered.email))
    who = f" as {entered.email}" if entered.email else " by an API key"
    _say(f"Signed in to {name}{who}. {default_is('it', os.environ)}")
    if os.environ.get("TONEARM_KEY"):
        _say("The key in TONEARM_KEY still comes before this sign-in.")


def meant(gateway: str | None, name: str | None, known: Config) -> tuple[str, str]:
    """Return the gateway's address and name. Raises WrongArgument."""
    gateway = gateway or known.default
    if not gateway:
        raise WrongArgument(f"say which gateway: `{called('login https://tonearm.example.org')}`")
    if gateway in known.gateways:
        url = known.gateways[gateway].url.rstrip("/")
        check_url(url, f"`url` of {gateway} in config.toml")
        return url, name or gateway
    if gateway == LOCAL:
        raise WrongArgument("the stack on this machine needs no sign-in: --on local is its first admin")
    if "://" not in gateway:
        if not re.search(r"[.:]|^localhost$", gateway):
            known.named(gateway)
        check_url(f"https://{gateway}", "the sign-in")
        here = urlsplit(f"https://{gateway}").hostname in HERE
        gateway = f"{'http' if here else 'https'}://{gateway}"
    check_url(gateway, "the sign-in")
    url = gateway.rstrip("/")
    return url, name or known.name_of(url) or _name_for(url, known)


def _name_for(url: str, known: Config) -> str:
    """Return the host as a name; with a number, where another gateway has that."""
    host = re.sub(r"[^A-Za-z0-9._-]+", "-", urlsplit(url).hostname or "")[:60].strip("-._") or "gateway"
    free = chain([host], (f"{host}-{number}" for number in count(2)))
    return next(name for name in free if name not in known.gateways and name != LOCAL)


def _email_of(known: Config, name: str) -> str:
    if email := os.environ.get("TONEARM_EMAIL"):
        return email
    if name in known.gateways and known.gateways[name].email:
        return known.gateways[name].email
    if not sys.stdin.isatty():
        raise WrongArgument("whose password is it? give --email")
    return str(click.prompt("E-mail", err=True))


def _by_browser(entrance: Entrance, providers: list[str]) -> Entered:
    if providers:
        _say(f"There you sign in by password, or by {', '.join(providers)}.")
    token = by_browser(entrance)
    return Entered(Way.BROWSER, entrance.account(token.access_token).email, token)


def _by_password(entrance: Entrance, email: str) -> Entered:
    token = entrance.by_password(email, secret(f"Password of {email}: "))
    return Entered(Way.PASSWORD, entrance.account(token.access_token).email, token)


def _by_key(entrance: Entrance) -> Entered:
    try:
        key = api_key(secret("API key: "))
    except ValueError as error:
        raise WrongArgument(str(error)) from None
    entrance.of_key(key)
    return Entered(Way.KEY, key=key)


def _say(text: str) -> None:
    print(visible(text), file=sys.stderr)


def keep(entrance: Entrance, entered: Entered) -> None:
    """Keep the session in place of the one before, which ends. Raises OSError."""
    session = Session(way=entered.way, key=entered.key)
    if entered.token:
        session.become(entered.token.access_token, entered.token.refresh_token, entered.token.expires_in)
    place = kept_at(_sessions(), entrance.url, entered.email)
    over = session
    try:
        over = place.replace(session)
    finally:
        if over.refresh_token:
            with suppress(Unreachable):  # one that nobody ends expires
                entrance.end(over.refresh_token)


def _sessions() -> Path:
    return settings_folder(os.environ) / "sessions"
