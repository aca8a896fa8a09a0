"""`invite`: an account for somebody who has no password yet, and the mail that lets them choose one."""

import argparse
from datetime import UTC, datetime
from functools import partial

from auth.accounts.operator_changes import OperatorChanges
from cli.account.settings import OperatorSettings
from cli.account.show import tell_of


async def invite(arguments: argparse.Namespace, settings: OperatorSettings) -> None:
    """Invite, or invite once more. Raises InvalidRequest, AlreadyRegistered, Unavailable."""
    async with (
        settings.directory() as directory,
        settings.sessions() as sessions,
        await settings.publisher() as publisher,
    ):
        changes = OperatorChanges(directory, sessions, publisher, partial(datetime.now, UTC))
        account = await changes.invite(arguments.email, tuple(dict.fromkeys(arguments.roles)))
    tell_of(account.email)
    print(f"account {account.account_id} is invited: a mail with the way in is on its way")
