"""What a token or an API key opens. The gateway says at each of its routes which one it needs."""

from auth.stores.directory import ADMIN

READ, UPLOAD, ADMIN_SCOPE = "read", "upload", "admin"
ACCOUNT = "account"
"""Keys and sessions themselves. Never an API key's: a leaked key must not make another one."""

GRANTABLE = (READ, UPLOAD, ADMIN_SCOPE)
"""What an API key may have."""


def of_person(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return what somebody with these roles may do who has signed in."""
    return (READ, UPLOAD, *([ADMIN_SCOPE] if ADMIN in roles else []), ACCOUNT)
