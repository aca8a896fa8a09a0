"""`role`, `mails`, `disable`, `enable`, `revoke`, `reset` and `erase`: changes to one account."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

import click

from auth.accounts.operator_changes import OperatorChanges
from auth.stores.directory import ADMIN, Account, Directory
from cli.account.operator import EXITS, operating, who
from cli.account.roles import ROLE
from cli.account.settings import OperatorSettings
from cli.account.show import pages
from cli.account.who import account_meant
from cli.errors import Refused
from cli.exits import Exit
from cli.tree.command import command
from service.mail_preference import MailPreference

Change = Callable[[OperatorChanges, Account], Awaitable[None]]


async def _change(settings: OperatorSettings, whose: str, change: Change, done: str) -> None:
    """Make the change, and print what is done. Raises NothingFound, WrongArgument, Unavailable."""
    async with settings.directory() as directory:
        account = await account_meant(directory, whose)
        async with settings.sessions() as sessions, await settings.publisher() as publisher:
            changes = OperatorChanges(directory, sessions, publisher, partial(datetime.now, UTC))
            await change(changes, account)
    print(f"account {account.account_id} {done}")


@command(examples=["tonearm account role ada@example.org user admin"], exits=EXITS)
@who
@click.argument(
    "roles", metavar="ROLE…", nargs=-1, required=True, type=ROLE, help="all its roles: user, admin"
)
@operating
async def role(settings: OperatorSettings, who: str, roles: tuple[str, ...]) -> None:
    """Give an account exactly these roles. A role taken away ends what is signed in."""
    kept = tuple(dict.fromkeys(roles))
    await _change(settings, who, lambda to, it: to.set_roles(it, kept), "has these roles now")


@command(examples=["tonearm account mails ada@example.org failures"], exits=EXITS)
@who
@click.argument("mails", type=click.Choice([*map(str, MailPreference)]), help="which of them it gets")
@operating
async def mails(settings: OperatorSettings, who: str, mails: str) -> None:
    """Choose which mails about its jobs an account gets."""
    done = "gets these mails about its jobs now; mails about the account itself always come"
    await _change(settings, who, lambda to, it: to.set_mails(it, MailPreference(mails)), done)


@command(
    examples=["tonearm account disable ada@example.org"],
    exits={**EXITS, Exit.REFUSED: "it is the last administrator's, and --yes is not given"},
)
@who
@click.option("--yes", is_flag=True, help="do it, even if no other administrator is left")
@operating
async def disable(settings: OperatorSettings, who: str, yes: bool) -> None:
    """Let nobody sign in to an account any more, end what is signed in, and void its API keys.

    `tonearm account enable` lets people sign in again. API keys stay void: their owner makes new ones.
    """
    async with settings.directory() as directory:
        account = await account_meant(directory, who)
        is_last = _administers(account) and not await _others_administer(directory, account)
    if is_last and not yes:
        raise Refused(
            f"account {account.account_id} is the last administrator's: nobody could administer by the page"
            f" any more. --yes does it all the same; `tonearm account enable {account.account_id}` undoes it"
        )
    done = "is disabled. `account enable` lets people sign in again; its API keys stay void"
    await _change(settings, account.account_id, OperatorChanges.disable, done)


@command(examples=["tonearm account enable ada@example.org"], exits=EXITS)
@who
@operating
async def enable(settings: OperatorSettings, who: str) -> None:
    """Let people sign in to an account again. API keys of before stay void: their owner makes new ones."""
    await _change(settings, who, OperatorChanges.enable, "is enabled; API keys of before stay void")


@command(examples=["tonearm account revoke ada@example.org"], exits=EXITS)
@who
@operating
async def revoke(settings: OperatorSettings, who: str) -> None:
    """End all that is signed in to an account, and void its API keys."""
    await _change(settings, who, OperatorChanges.revoke, "is signed out everywhere, its API keys are void")


@command(examples=["tonearm account reset ada@example.org"], exits=EXITS)
@who
@operating
async def reset(settings: OperatorSettings, who: str) -> None:
    """Mail an account's holder the way to a new password."""
    done = "is sent a mail with the way to a new password; until then the old one is good"
    await _change(settings, who, OperatorChanges.reset, done)


@command(
    examples=["tonearm account erase ada@example.org", "tonearm account erase 0199a1b2 --yes"], exits=EXITS
)
@who
@click.option("--yes", is_flag=True, help="do it; without this, only say what would be done")
@operating
async def erase(settings: OperatorSettings, who: str, yes: bool) -> None:
    """Forget a person for good: address, password and jobs. The account's id stays in the log."""
    if yes:
        await _change(settings, who, OperatorChanges.erase, "is erased")
        return
    async with settings.directory() as directory:
        account = await account_meant(directory, who)
    print(
        f"dry run: account {account.account_id} stays; --yes erases its address and its password,"
        " and deletes its jobs, for good. Its id stays in the log"
    )


def _administers(account: Account) -> bool:
    return ADMIN in account.roles and not account.disabled and account.verified


async def _others_administer(directory: Directory, account: Account) -> bool:
    """Return True if an administrator is left who can sign in, besides this one."""
    async for page in pages(directory):
        if any(_administers(each) and each.account_id != account.account_id for each in page):
            return True
    return False
