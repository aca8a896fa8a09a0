"""`create`: an account made by the operator, above all the first admin.

Its password is typed here, or comes on standard input. Where there is none, one is made, shown once, and
written nowhere.
"""

import asyncio
import getpass
import secrets
import sys
from datetime import UTC, datetime

from auth.accounts.accounts import new_account, registered
from auth.addresses import account_of, registrable
from auth.errors import AlreadyRegistered
from auth.passwords.hasher import Hasher
from auth.passwords.rules import PasswordRules
from cli.account.operator import operating
from cli.account.roles import new_account as for_new_account
from cli.account.roles import roles_of
from cli.account.settings import OperatorSettings
from cli.account.show import tell_of
from cli.exits import Exit
from cli.streams.remarks import say
from cli.tree.command import command


@command(
    examples=[
        "tonearm account create ada@example.org --role user admin",
        "tonearm account create ada@example.org < password.txt",
    ],
    exits={
        Exit.FAILED: "there is one already, or the address or password will not do",
        Exit.UNAVAILABLE: "a server is away",
    },
)
@for_new_account
@operating
async def create(
    settings: OperatorSettings, address: str, roles: tuple[str, ...], more: tuple[str, ...]
) -> None:
    """Make an account, such as the first admin's.

    The password is typed, or read from standard input. Where there is none, one is made and shown.
    """
    email = registrable(address)
    rules = PasswordRules(settings.password_length)
    typed = await asyncio.to_thread(_typed, rules)
    password = typed or secrets.token_urlsafe(18)
    rules.check(password, email)
    passwords = Hasher(threads=1)
    hash_ = await passwords.hash(password)
    account = new_account(email, roles_of(roles, more), datetime.now(UTC), password_hash=hash_)
    passwords.close()
    async with settings.directory() as directory, await settings.publisher() as publisher:
        if await account_of(directory, email):
            raise AlreadyRegistered("an account with this address exists")
        await directory.add(account)
        print(f"account {account.account_id} is there, with the roles {', '.join(account.roles)}")
        tell_of(email)
        if not typed:
            print(f"password: {password}")
        await publisher.publish(registered(account))
        await directory.mark_announced(account.account_id)


def _typed(rules: PasswordRules) -> str:
    if sys.stdin.isatty():
        say(str(rules))
        return getpass.getpass("Password (nothing: one is made and shown): ")
    return sys.stdin.readline().rstrip("\r\n")
