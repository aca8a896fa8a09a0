"""The limits that hold for a caller: those of its roles, or those that the operator gave to its account."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import structlog

from events.errors import Unavailable
from service.quotas import Limits, Own, OwnLimits, widest, with_own

log = structlog.get_logger()

_EVERY = 5.0
"""Seconds between two looks at the limits of single accounts."""
ADMIN, USER = "admin", "user"


class Person(Protocol):
    """The person whose limits are asked for: a caller, or who began what goes on without a caller."""

    @property
    def account(self) -> str:
        """The account's id."""

    @property
    def roles(self) -> Sequence[str]:
        """The roles that it had."""


class AccountLimits:
    """All limits, in memory: no request waits for them."""

    def __init__(self, own: OwnLimits, of_roles: Mapping[str, Limits]) -> None:
        self._store, self._of_roles = own, of_roles
        self._own: Mapping[str, Own] = {}

    def of(self, person: Person) -> Limits:
        """Return the limits of a person. Of several roles the most generous limits count."""
        roles = [role for role in person.roles if role in self._of_roles] or [USER]
        limits = widest(self._of_roles.get(role, Limits()) for role in roles)
        own = self._own.get(person.account)
        return limits if own is None else with_own(limits, own)

    async def own_of(self, accounts: Collection[str]) -> Mapping[str, Own]:
        """Return the limits of some accounts' own, as they are stored. Raises Unavailable."""
        return await self._store.get_many(accounts)

    async def forget(self, account: str) -> None:
        """Forget the limits of an account's own. Raises Unavailable."""
        await self._store.set(account, {})

    async def run(self) -> None:
        """Keep the limits of single accounts up to date, for ever; while none are to be had the last hold."""
        while True:
            try:
                self._own = await self._store.all()
            except Unavailable as error:
                log.warning("quotas_unavailable", error=str(error))
            await asyncio.sleep(_EVERY)
