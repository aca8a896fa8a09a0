"""The first admin: from the settings, or by `tonearm account create`.

There is no default password. A service could show one only in its log, where collectors keep it. The
command shows it to its user alone.
"""

import structlog

from auth.accounts.accounts import Accounts
from auth.addresses import account_of, registrable
from auth.errors import AlreadyRegistered, InvalidRequest
from auth.stores.directory import ADMIN, USER, Directory
from service.settings import InvalidSetting

ROLES = (USER, ADMIN)

log = structlog.get_logger()


async def ensure_first_admin(accounts: Accounts, directory: Directory, email: str, password: str) -> None:
    """Make the admin that the settings name. Without one, and without any account, log how to make one.

    An existing account keeps its password and its roles: a stranger may have registered the address first.
    If they differ from the settings, a warning is logged. If several processes start at once, the unique
    address lets one of them make the account. Raises InvalidSetting.
    """
    if email:
        await _from_settings(accounts, directory, email, password)
    elif await directory.is_empty():
        log.warning("no_account_yet", mend="tonearm account create ADDRESS --role user admin")


async def _from_settings(accounts: Accounts, directory: Directory, email: str, password: str) -> None:
    try:
        known = await account_of(directory, email)
        email = known.email if known else registrable(email)
    except InvalidRequest as error:
        raise InvalidSetting("setting: ADMIN_EMAIL is not an e-mail address") from error
    if known:
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
