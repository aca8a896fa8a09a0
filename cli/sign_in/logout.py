"""`tonearm logout`: end what keeps one signed in to a gateway."""

import os
import sys

import click

from cli.client.answers import read_as
from cli.client.asking import Access, naming
from cli.client.credentials import Credentials, credentials_for
from cli.client.entrance import Entrance
from cli.client.errors import CredentialsMissing, Unreachable
from cli.client.gateway import Gateway
from cli.client.sessions import Session
from cli.errors import NothingFound, Refused
from cli.exits import Exit
from cli.pretty import visible
from cli.sign_in.whoami import Sessions
from cli.system.words import counted
from cli.tree.command import command


@command(
    examples=["tonearm logout", "tonearm logout --on work", "tonearm logout --everywhere"],
    exits={
        Exit.NOTHING: "nobody was signed in",
        Exit.UNAVAILABLE: "the gateway is away: you are signed out here only",
        Exit.REFUSED: "the environment signs in, by TONEARM_KEY",
        Exit.NOPERM: "the account may not do this",
    },
)
@click.option("--everywhere", is_flag=True, help="end all sessions of the account, in browsers, too")
@naming
def logout(access: Access, everywhere: bool) -> None:
    """Sign out of a gateway. It stays known by its name; API keys stay good."""
    account, others = _account(access), None
    if everywhere:
        with access.signed_in() as gateway:
            others = _others(gateway)
            with gateway.asking("POST", "/logout/everywhere"):
                pass
    with account.kept.held() as session:
        had = Session(session.access_token, session.refresh_token, key=session.key)
        session.end()
    if had == Session() and not everywhere:
        raise NothingFound(f"nobody is signed in to {account.url} here")
    if had.refresh_token and not everywhere:
        _tell(account, had.refresh_token)
    whose = f" as {account.email}" if account.email else ""
    more = "; the API key stays good until it is revoked" if had.key else ""
    if others is not None:
        more += (
            f"; {counted(others, 'other session')} ended, too" if others else "; there was no other session"
        )
    print(visible(f"Signed out of {account.name or account.url}{whose}{more}."), file=sys.stderr)


def _account(access: Access) -> Credentials:
    try:
        account = credentials_for(access, start=False, environ=os.environ)
    except CredentialsMissing:
        raise NothingFound("nobody is signed in there") from None
    if not account.kept.outlives_us:
        raise Refused("TONEARM_KEY signs in here: take it out of the environment")
    return account


def _others(gateway: Gateway) -> int:
    """Return how many sessions the account has besides this one."""
    with gateway.asking("GET", "/sessions") as answer:
        return sum(not each.current for each in read_as(answer, Sessions).items)


def _tell(account: Credentials, refresh_token: str) -> None:
    try:
        with Entrance(account.url) as entrance:
            entrance.end(refresh_token)
    except Unreachable as error:
        raise Unreachable(f"signed out here only, and the gateway does not know it: {error}") from None
