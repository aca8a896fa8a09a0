"""The account of a person whom an issuer vouches for: found, linked, or made.

Issuer and subject identify the person. An address does not: some issuers let people write any, and addresses
change hands. So an address links a person to an account only if the operator allows it for this issuer, which
must have verified the address; or if the account is not verified yet.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from auth.accounts.accounts import registered
from auth.addresses import account_of, log_look_alike
from auth.announcements import Announcer, event_of
from auth.errors import AlreadyRegistered, SignInRefused
from auth.oidc.claims import Person
from auth.oidc.settings import Issuer
from auth.sessions.sessions import Sessions
from auth.stores.directory import ADMIN, USER, Account, Directory, Identity
from events.ids import new_id
from events.types import AccountChanged, AccountSignInRefused

log = structlog.get_logger()


class People:
    """The accounts of people whom issuers vouch for. Every method raises DirectoryUnavailable."""

    def __init__(
        self,
        *,
        directory: Directory,
        sessions: Sessions,
        announcer: Announcer,
        clock: Callable[[], datetime],
        open_to_all: bool,
    ) -> None:
        """`open_to_all`: strangers may register, unless an issuer's own setting differs."""
        self._directory, self._sessions = directory, sessions
        self._announcer, self._clock, self._open_to_all = announcer, clock, open_to_all

    async def account(self, person: Person, issuer: Issuer) -> Account:
        """Return the account, with the roles that the issuer gives it now. Raises SignInRefused."""
        identity = Identity(issuer.issuer, person.subject)
        account = await self._directory.by_identity(identity)
        if account is None:
            try:
                account = await self._first_time(person, issuer, identity)
            except AlreadyRegistered:  # by the same person, a moment ago
                account = await self._directory.by_identity(identity)
        if account is None:
            raise SignInRefused(
                "there is an account with your e-mail address; sign in to it as you did before"
            )
        if account.disabled:
            self._publish(account, AccountSignInRefused(reason="disabled"))
            raise SignInRefused("your account is closed; ask the operator")
        return await self._with_roles(account, person.roles)

    async def _first_time(self, person: Person, issuer: Issuer, identity: Identity) -> Account:
        if not person.email:
            raise SignInRefused("the provider did not vouch for an e-mail address of yours")
        known = await account_of(self._directory, person.email)
        if known is None:
            return await self._made(person, issuer, identity)
        # One that is not verified has no holder yet: it was invited, or waits for the link of its letter.
        # An administrator's always waits for that link, unless this issuer is trusted with all accounts.
        unclaimed = not known.verified and ADMIN not in known.roles
        if not (person.verified and (issuer.link_accounts or unclaimed)):
            raise AlreadyRegistered("an account with this address exists")
        await self._directory.link(known.account_id, identity)
        self._publish(known, AccountChanged(fields=("identities",)))
        log.info("account_linked", account_id=known.account_id, provider=issuer.name)
        return known

    async def _made(self, person: Person, issuer: Issuer, identity: Identity) -> Account:
        if not (issuer.registration == "open" if issuer.registration else self._open_to_all):
            raise SignInRefused("you have no account here; ask the operator for one")
        account = Account(
            account_id=new_id(),
            email=person.email,
            password_hash="",
            roles=person.roles or (USER,),
            created=self._clock(),
        )
        await self._directory.add(account, identity)
        log_look_alike(account)
        announced = partial(self._directory.mark_announced, account.account_id)
        await self._announcer.publish(registered(account), announced)
        return account

    async def _with_roles(self, account: Account, roles: tuple[str, ...] | None) -> Account:
        """Give the account these roles. If one is taken away, all sessions and API keys end at once."""
        if roles is None or set(roles) == set(account.roles):
            return account
        if set(account.roles) - set(roles):  # first: if what follows fails, the next sign-in does both
            await self._sessions.end_account(account.account_id, "roles_changed")
        await self._directory.set_roles(account.account_id, roles)
        self._publish(account, AccountChanged(fields=("roles",)))
        return await self._directory.by_id(account.account_id) or account

    def _publish(self, account: Account, payload: AccountChanged | AccountSignInRefused) -> None:
        self._announcer.publish_soon(event_of(account.account_id, payload, self._clock(), new_id()))
