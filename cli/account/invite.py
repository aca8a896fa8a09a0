"""`invite`: an account for somebody who has no password yet, and the mail that lets them choose one."""

from datetime import UTC, datetime
from functools import partial

from auth.accounts.operator_changes import OperatorChanges
from cli.account.operator import operating
from cli.account.roles import new_account, roles_of
from cli.account.settings import OperatorSettings
from cli.account.show import tell_of
from cli.exits import Exit
from cli.tree.command import command


@command(
    examples=["tonearm account invite ada@example.org"],
    exits={Exit.FAILED: "there is such an account, in use", Exit.UNAVAILABLE: "a server is away"},
)
@new_account
@operating
async def invite(
    settings: OperatorSettings, address: str, roles: tuple[str, ...], more: tuple[str, ...]
) -> None:
    """Mail somebody the way to an account, or mail it once more."""
    async with (
        settings.directory() as directory,
        settings.sessions() as sessions,
        await settings.publisher() as publisher,
    ):
        changes = OperatorChanges(directory, sessions, publisher, partial(datetime.now, UTC))
        account = await changes.invite(address, roles_of(roles, more))
    tell_of(account.email)
    print(f"account {account.account_id} is invited: a mail with the way in is on its way")
