"""The first admin: from the settings, or by `tonearm account create`.

There is no password by default. One that a service made would have to be told in its log, where collectors
keep it; the command tells it to whoever may run it, and to nobody else.
"""

import structlog

from auth.accounts.accounts import Accounts
from auth.errors import AlreadyRegistered, InvalidRequest
from auth.stores.directory import ADMIN, USER, Directory, normalised
from service.settings import InvalidSetting

ROLES = (USER, ADMIN)

log = structlog.get_logger()


async def ensure_first_admin(accounts: Accounts, directory: Directory, email: str, password: str) -> None:
    """Make the admin that the settings name; with neither set and no account at all, say how to make one.

    An account that exists is left as it is, its password and its roles: making an admin of whoever has
    taken the address first would be a present to a stranger. Where it differs, a warning says so. Of several
    processes that start at once, the unique address lets one make the account. Raises InvalidSetting.
    """
    if email:
        await _from_settings(accounts, directory, email, password)
    elif await directory.is_empty():
        log.warning("no_account_yet", mend="tonearm account create ADDRESS --role user admin")


async def _from_settings(accounts: Accounts, directory: Directory, email: str, password: str) -> None:
    try:
        email = normalised(email)
    except InvalidRequest as error:
        raise InvalidSetting("setting: ADMIN_EMAIL is not an e-mail address") from error
    if known := await directory.by_email(email):
        if ADMIN not in known.roles:
            log.warning("admin_is_no_admin", account_id=known.account_id, setting="ADMIN_EMAIL")
        if not await accounts.has_password(known, password):
            log.warning("admin_password_differs", account_id=known.account_id, setting="ADMIN_PASSWORD")
        return
    try:
        accounts.rules.check(password, email)
    except InvalidRequest as error:  # the operator's choice, on their own machine
        log.warning("weak_password", setting="ADMIN_PASSWORD", error=str(error))
    try:
        account = await accounts.add(email, password, ROLES)
    except AlreadyRegistered:
        return
    log.info("admin_created", account_id=account.account_id)
