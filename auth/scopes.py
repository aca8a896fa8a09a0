"""Scopes of tokens and API keys. Each route of the gateway names the scope it needs."""

from auth.stores.directory import ADMIN

READ, UPLOAD, ADMIN_SCOPE = "read", "upload", "admin"
ACCOUNT = "account"
"""API keys and sessions themselves. No API key has it: a leaked one must not make another."""

GRANTABLE = (READ, UPLOAD, ADMIN_SCOPE)
"""The scopes that an API key may have."""


def of_person(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes of a session of an account with these roles."""
    return (READ, UPLOAD, *([ADMIN_SCOPE] if ADMIN in roles else []), ACCOUNT)
