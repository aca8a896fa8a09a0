"""Which account is meant: by its address, its id, or as much of the id as tells it from all others."""

from auth.accounts.operator_changes import find
from auth.stores.directory import Account, Directory
from cli.ids import WHOLE, meant

_MOST = 100


async def account_meant(directory: Directory, who: str) -> Account:
    """Return the account. Raises NoSuchAccount, InvalidRequest, WrongArgument."""
    if "@" in who or len(who) >= WHOLE or not who:
        return await find(directory, who)
    following = await directory.page(who, _MOST)  # what begins with it stands right behind it
    return await find(directory, meant(who, (each.account_id for each in following), "account") or who)
