"""Scopes of tokens and API keys, as auth grants them and the routes of the gateway ask for them."""

from typing import Final, Literal, get_args

KeyScope = Literal["read", "upload", "manage", "operate", "admin"]
"""A scope that an API key may have."""
Scope = Literal[KeyScope, "account"]

READ: Final = "read"
UPLOAD: Final = "upload"
MANAGE: Final = "manage"
"""To cancel, repeat and delete jobs. A key that only uploads cannot undo anything."""
OPERATE: Final = "operate"
"""To see everybody's jobs and how the system is, and to requeue. Of administrators only."""
ADMIN: Final = "admin"
ACCOUNT: Final = "account"
"""Sessions and API keys themselves. Only people who have signed in have this scope: a leaked key must not
make another."""

GRANTABLE: tuple[KeyScope, ...] = get_args(KeyScope)
