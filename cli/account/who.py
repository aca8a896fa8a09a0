"""The account that is meant: by its address, its id, or a beginning of its id that no other has."""

from auth.accounts.operator_changes import find
from auth.errors import InvalidRequest, NoSuchAccount
from auth.stores.directory import Account, Directory
from cli.errors import NothingFound, WrongArgument
from cli.ids import WHOLE, meant

_MOST = 100


async def account_meant(directory: Directory, who: str) -> Account:
    """Return the account. Raises NothingFound, WrongArgument."""
    if "@" not in who and 0 < len(who) < WHOLE:
        following = await directory.page(who, _MOST)  # what begins with it stands right behind it
        who = meant(who, (each.account_id for each in following), "account") or who
    try:
        return await find(directory, who)
    except NoSuchAccount as error:
        raise NothingFound(str(error)) from None
    except InvalidRequest as error:
        raise WrongArgument(str(error)) from None
