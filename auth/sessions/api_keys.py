"""API keys: for programs, with at most the rights of the person who made them, shown once.

A gateway exchanges an API key for an access token of minutes, which names the key as its session. So an API
key is verified and revoked like a session.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from auth import opaque, scopes
from auth.announcements import Announcer, event_of
from auth.errors import DirectoryUnavailable, InvalidRequest, InvalidToken, NoSuchApiKey
from auth.keys.access_tokens import Token
from auth.keys.signer import Signer
from auth.sessions.open_account import open_account
from auth.sessions.sessions import Sessions
from auth.stores.directory import Directory
from auth.stores.sessions import Session, SessionStore
from auth.throttle import Deed, Throttle
from events.ids import new_id
from events.texts import harmless
from events.types import AccountChanged
from service.scopes import GRANTABLE

MOST = 50
"""API keys of an account at a time."""
MOST_DAYS = 3650
LONGEST_NAME = 100


class ApiKeys:
    """All API keys. Every method raises DirectoryUnavailable when the database is away."""

    def __init__(
        self,
        *,
        store: SessionStore,
        directory: Directory,
        sessions: Sessions,
        signer: Signer,
        throttle: Throttle,
        announcer: Announcer,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._directory, self._sessions = store, directory, sessions
        self._signer, self._throttle, self._announcer, self._clock = signer, throttle, announcer, clock

    async def create(
        self, account_id: str, name: str, wanted: Sequence[str], days: int
    ) -> tuple[Session, str]:
        """Make an API key that is good for so many days, and publish that. Its secret is returned only here.

        Raises InvalidRequest.
        """
        account = await open_account(self._directory, account_id)
        allowed = set(GRANTABLE) & set(scopes.of_person(account.roles))
        if not wanted or not set(wanted) <= allowed:
            raise InvalidRequest(f"scopes: some of {', '.join(sorted(allowed))}")
        if not name.strip() or len(name) > LONGEST_NAME or harmless(name) != name:
            raise InvalidRequest(f"name: 1 to {LONGEST_NAME} printable characters")
        if not 1 <= days <= MOST_DAYS:
            raise InvalidRequest(f"days: 1 to {MOST_DAYS}")
        if len(await self.of(account_id)) >= MOST:
            raise InvalidRequest(f"you have {MOST} keys; revoke one first")
        text, now = opaque.make(opaque.API_KEY), self._clock()
        created = now.replace(microsecond=now.microsecond // 1000 * 1000)  # MongoDB keeps no more of it
        key = Session(
            session_id=new_id(),
            account_id=account_id,
            digest=opaque.digest(text),
            created=created,
            expires=created + timedelta(days=days),
            name=name,
            scopes=tuple(dict.fromkeys(wanted)),
        )
        await self._store.add(key)
        made = AccountChanged(fields=("api_keys",))
        await self._announcer.publish(event_of(account_id, made, now, key.session_id))
        return key, text

    async def of(self, account_id: str) -> list[Session]:
        """Return the account's API keys that are good, oldest first."""
        found = await self._store.live_of(account_id, api_keys=True)
        return [key for key in found if key.is_live(self._clock())]

    async def revoke(self, account_id: str, key_id: str) -> None:
        """End an API key. Raises NoSuchApiKey, also for another account's."""
        if key_id not in [key.session_id for key in await self.of(account_id)]:
            raise NoSuchApiKey("you have no key with this id")
        await self._sessions.end(account_id, key_id, "key_revoked")

    async def exchange(self, text: str, address: str = "") -> Token:
        """Return an access token with the key's scopes and the present roles; `address` is the client's.

        Raises InvalidToken, TooManyFailures.
        """
        if not opaque.is_well_formed(text, opaque.API_KEY):
            raise InvalidToken("this is no API key")
        digest = opaque.digest(text)
        tried = await self._throttle.admit(digest.hex(), address, Deed.KEY)
        try:
            key = await self._store.find(digest)
        except DirectoryUnavailable:
            await self._throttle.let_go(tried)
            raise
        if key is None or not key.name or not key.is_live(self._clock()):
            await self._throttle.failed(tried)
            raise tried.refusal or InvalidToken("the API key is not valid (any more)")
        await self._throttle.succeeded(tried)
        account = await open_account(self._directory, key.account_id)
        allowed = scopes.of_person(account.roles)
        await self._store.mark_used(key.session_id, self._clock())
        granted = [each for each in key.scopes if each in allowed]
        return self._signer.sign(account, key.session_id, granted, key.expires)
