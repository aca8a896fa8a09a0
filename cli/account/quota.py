"""`quota`: show what an account uses, and give it limits of its own in the place of its role's."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

import click
import msgspec
from msgspec import Struct

from auth.accounts.quotas import QuotaChanges
from cli.account.operator import EXITS, operating, who
from cli.account.settings import OperatorSettings
from cli.account.who import account_meant
from cli.errors import WrongArgument
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from events.projections.usage import Usage
from events.views.store import JobViews
from service.quotas import BY_ROLE, NAMES, NO_LIMIT, Own, OwnLimits, amount


class Shown(Struct, frozen=True):
    """An account's own limits, null for none, and what it uses by the stored views. Days are those of UTC."""

    account_id: str
    own: Own
    bytes_stored: int
    audio_seconds: float
    jobs_today: int
    jobs_open: int


@command(
    examples=[
        "tonearm account quota ada@example.org",
        "tonearm account quota ada@example.org jobs_open=50 bytes_stored=none audio_seconds=role",
    ],
    exits=EXITS,
    output=Shown,
)
@who
@click.argument(
    "wanted",
    metavar="[LIMIT=AMOUNT]…",
    nargs=-1,
    help=f"of {', '.join(NAMES)}; such as 20, 50GB, 10h, {NO_LIMIT}, or {BY_ROLE} for its role's",
)
@printing
@operating
async def quota(settings: OperatorSettings, who: str, wanted: tuple[str, ...], out: Printer) -> None:
    """Show what an account uses, and give it limits of its own in the place of its role's."""
    changes = dict(map(_change, wanted))
    async with settings.directory() as directory:
        account = (await account_meant(directory, who)).account_id
    async with settings.database() as database:
        store = OwnLimits(database)
        own = await store.get(account)
        if changes:
            own = _changed(own, changes.items())
            async with await settings.publisher() as publisher:
                await QuotaChanges(store, publisher, partial(datetime.now, UTC)).give(account, own)
        usage = await (await JobViews(database).live()).usage.get(account)
    shown = _shown(account, own, usage, datetime.now(UTC))
    out.one(msgspec.json.encode(shown), lambda: _tell(shown))


def _tell(shown: Shown) -> None:
    print(f"account {shown.account_id}")
    for name in NAMES:
        own = shown.own
        limit = "role's" if name not in own else "none" if own[name] is None else f"{own[name]:,}"
        used = getattr(shown, name, None)
        print(f"  {name:<17} limit: {limit:<18}" + (f" used: {used:,}" if used is not None else ""))
    if set(NAMES) - set(shown.own):
        print(
            "role's: as QUOTA_USER and QUOTA_ADMIN of the gateways say; its owner sees it by `tonearm usage`"
        )


def _change(text: str) -> tuple[str, str]:
    """Return name and amount. Raises WrongArgument."""
    name, _, value = text.partition("=")
    try:
        amount(name, NO_LIMIT if value == BY_ROLE else value)
    except ValueError as error:
        raise WrongArgument(str(error)) from None
    return name, value


def _changed(own: Own, changes: Iterable[tuple[str, str]]) -> Own:
    now = dict(own)
    for name, value in changes:
        now.pop(name, None)
        if value != BY_ROLE:
            now[name] = amount(name, value)
    return now


def _shown(account: str, own: Own, usage: Usage, now: datetime) -> Shown:
    today = usage.on(now.date())
    return Shown(account, own, usage.bytes_stored, today.audio_ms / 1000, today.jobs, usage.jobs_open)
