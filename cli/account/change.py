"""`role`, `mails`, `disable`, `enable`, `revoke`, `reset` and `erase`: changes to one account."""

import argparse
from datetime import UTC, datetime
from functools import partial

from auth.accounts.operator_changes import OperatorChanges
from cli.account.settings import OperatorSettings
from cli.account.who import account_meant
from service.mail_preference import MailPreference


async def run(arguments: argparse.Namespace, settings: OperatorSettings) -> None:
    """Make the change that the subcommand names. Raises NothingFound, WrongArgument, Unavailable."""
    async with settings.directory() as directory:
        account = await account_meant(directory, arguments.who)
        if arguments.subcommand == "erase" and not arguments.yes:
            print(
                f"dry run: account {account.account_id} stays; --yes erases its address and its password,"
                " and deletes its jobs, for good. Its id stays in the log"
            )
            return
        async with settings.sessions() as sessions, await settings.publisher() as publisher:
            changes = OperatorChanges(directory, sessions, publisher, partial(datetime.now, UTC))
            match arguments.subcommand:
                case "role":
                    await changes.set_roles(account, tuple(dict.fromkeys(arguments.roles)))
                case "mails":
                    await changes.set_mails(account, MailPreference(arguments.mails))
                case "disable":
                    await changes.disable(account)
                case "enable":
                    await changes.enable(account)
                case "revoke":
                    await changes.revoke(account)
                case "reset":
                    await changes.reset(account)
                case "erase":
                    await changes.erase(account)
    done = {
        "role": "has these roles now",
        "mails": "gets these mails about its jobs now; mails about the account itself always come",
        "revoke": "is signed out everywhere, its API keys are void",
        "reset": "is sent a mail with the way to a new password; until then the old one is good",
    }
    print(f"account {account.account_id} {done.get(arguments.subcommand, f'is {arguments.subcommand}d')}")
