"""The scopes that an account has by its roles."""

from auth.stores.directory import ADMIN as ADMIN_ROLE
from service.scopes import ACCOUNT, ADMIN, MANAGE, OPERATE, READ, UPLOAD


def of_person(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes of a session of an account with these roles."""
    return (READ, UPLOAD, MANAGE, *([OPERATE, ADMIN] if ADMIN_ROLE in roles else []), ACCOUNT)
