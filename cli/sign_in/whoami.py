"""`tonearm whoami`: who is signed in, where, by what and until when."""

import os
from datetime import datetime

import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import EXITS, Access, naming
from cli.client.credentials import Credentials, credentials_for
from cli.client.entrance import Account, Entrance
from cli.client.gateway import Gateway
from cli.client.sessions import Way
from cli.exits import Exit
from cli.times import shown
from cli.tree.command import command
from cli.tree.printer import Printer, Rows, printing


class Session(Struct, frozen=True):
    """A session of the account."""

    created: datetime
    expires: datetime
    current: bool


class Sessions(Struct, frozen=True):
    """All sessions of the account."""

    items: list[Session]


class SignedIn(Struct, frozen=True, kw_only=True):
    """The account signed in. `scopes` are the rights of an API key; its address and its end are not known."""

    gateway: str
    url: str
    way: Way
    account_id: str
    email: str | None = None
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@command(
    examples=["tonearm whoami", "tonearm whoami --on work --format '{email} {until}'"],
    exits={**EXITS, Exit.NOPERM: "nobody is signed in, or not any more"},
    output=SignedIn,
)
@printing
@naming
def whoami(access: Access, out: Printer) -> None:
    """Show who is signed in to a gateway, by what, and until when."""
    account = credentials_for(access, start=False, environ=os.environ)
    with account.kept.held() as session:
        key = session.key
    if key:
        with Entrance(account.url) as entrance:
            found = entrance.of_key(key)
        who = SignedIn(
            gateway=account.name,
            url=account.url,
            way=Way.KEY,
            account_id=found.account,
            roles=found.roles,
            scopes=found.scopes,
        )
    else:
        with access.signed_in() as gateway:
            who = session_of(account, gateway)
    out.rows(msgspec.json.encode(who), _rows(who))


def session_of(account: Credentials, gateway: Gateway) -> SignedIn:
    """Return whose session this is, and how long it lasts, as far as the gateway knows."""
    with gateway.asking("GET", "/account") as answer:
        found = read_as(answer, Account)
    with gateway.asking("GET", "/sessions") as answer:
        session = next((each for each in read_as(answer, Sessions).items if each.current), None)
    with account.kept.held() as kept:
        way = kept.way
    return SignedIn(
        gateway=account.name,
        url=account.url,
        way=way,
        account_id=found.account_id,
        email=found.email,
        roles=found.roles,
        since=session.created if session else None,
        until=session.expires if session else None,
    )


def _rows(who: SignedIn) -> Rows:
    yield "gateway", f"{who.gateway}  {who.url}".strip()
    yield "account", f"{who.email or ''}  {who.account_id}".strip()
    yield "roles", " ".join(who.roles)
    yield "signed in by", who.way.value
    if who.scopes:
        yield "it may", " ".join(who.scopes)
    if who.since and who.until:
        yield "since", shown(who.since)
        yield "until", shown(who.until)
