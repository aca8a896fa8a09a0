"""The account that something signed in acts for. It may be gone, or closed, while its token is still good."""

from auth.errors import InvalidToken
from auth.stores.directory import Account, Directory


async def open_account(directory: Directory, account_id: str) -> Account:
    """Return the account. Raises InvalidToken if it is gone or closed, and DirectoryUnavailable."""
    account = await directory.by_id(account_id)
    if account is None or account.disabled:
        raise InvalidToken("the account is gone or closed")
    return account
