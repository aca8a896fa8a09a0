"""Sessions: begun by a sign-in, continued by refresh tokens that are good for one use.

Access tokens cannot be called back, so they live for minutes. The end of a session is an event in the log,
where every gateway reads it. A refresh token is exchanged for a new pair (RFC 9700, 4.14.2). If it is used
twice, one of the users is a thief, and the session ends for both. But two tabs of a browser may use the same
token within moments, and an answer can get lost. So for GRACE seconds the same token brings the same
successor. That is stored encrypted by the token it follows, so the database alone does not reveal it.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from auth import opaque, scopes
from auth.announcements import Announcer, event_of
from auth.errors import BadCredentials, InvalidToken, NoSuchSession
from auth.keys.access_tokens import Claims, Token
from auth.keys.signer import Signer
from auth.stores.directory import Account, Directory
from auth.stores.sessions import Session, SessionStore
from events.ids import new_id
from events.types import LONGEST_TOKEN, AccountRevoked, AccountSignedIn

GRACE = timedelta(seconds=10)
MOST = 100
"""Sessions of an account that can be refreshed. Of more, the oldest ends."""
StillRight = Callable[[Account], Awaitable[bool]]
"""Returns True if the credentials still open the account as it is now."""
_AT_ONCE = 500
"""Sessions that one event names; its size is limited."""
_REFUSED = "the refresh token is not valid (any more): sign in again"

log = structlog.get_logger()


class Grant(Struct, frozen=True):
    """The tokens of a sign-in or a refresh; `refresh` may be empty. The repr leaves it out."""

    access: Token
    refresh: str = ""
    refresh_seconds: int = 0

    def __repr__(self) -> str:
        return f"Grant({self.access!r})"


class Sessions:
    """All sessions. Every method raises DirectoryUnavailable when the database is away."""

    def __init__(
        self,
        *,
        store: SessionStore,
        directory: Directory,
        signer: Signer,
        announcer: Announcer,
        clock: Callable[[], datetime],
        lifetime: timedelta,
    ) -> None:
        """`lifetime` is that of a session, from sign-in to the last refresh."""
        self._store, self._directory, self._signer = store, directory, signer
        self._announcer, self._clock, self._lifetime = announcer, clock, lifetime

    async def begin(
        self,
        account: Account,
        *,
        lasting: bool = True,
        still_right: StillRight | None = None,
        provider: str = "",
        program: str = "",
        proven: datetime | None = None,
    ) -> Grant:
        """Begin a session and publish that; one that is not `lasting` ends with its only access token.

        `provider` names the issuer of a sign-in without a password, `program` is what signs in. `proven` is
        when its person gave a password or came from an issuer, if not now.

        Raises BadCredentials if the account was
        closed or erased while its password was verified, or is not `still_right`: the password has changed.
        """
        now, family, session_id = self._clock(), opaque.make_family(), new_id()
        refresh = opaque.make(opaque.REFRESH, family) if lasting else ""
        lifetime = self._lifetime if lasting else timedelta(seconds=self._signer.lifetime)
        await self._store.add(
            Session(
                session_id=session_id,
                account_id=account.account_id,
                digest=opaque.digest(family),
                current=opaque.digest(refresh) if lasting else b"",
                created=now,
                expires=now + lifetime,
                program=program,
                proven=proven,
            )
        )
        # Who closes an account or changes its password ends its sessions then: one that begins later has to
        # see for itself.
        found = await self._directory.by_id(account.account_id)
        if found is None or found.disabled or (still_right and not await still_right(found)):
            await self._end(account.account_id, [session_id], "disabled")
            raise BadCredentials("no account has this address and password")
        if lasting and (surplus := await self._store.surplus(account.account_id, MOST)):
            await self._end(account.account_id, surplus[:_AT_ONCE], "too_many_sessions")
        access = self._signer.sign(found, session_id, scopes.of_person(found.roles), now + lifetime)
        signed_in = AccountSignedIn(token_id=access.claims.jti, provider=provider)
        await self._announcer.publish(event_of(account.account_id, signed_in, self._clock()))
        return Grant(access, refresh, int(lifetime.total_seconds()) if lasting else 0)

    async def refresh(self, text: str) -> Grant:
        """Exchange a refresh token for its successor and a new access token. Raises InvalidToken.

        Roles are looked up anew; an account that is gone or disabled has no sessions.
        """
        session = await self._by_refresh(text)
        successor = await self._successor(session, text)
        account = await self._directory.by_id(session.account_id)
        if account is None or account.disabled:
            raise InvalidToken(_REFUSED)
        granted = scopes.of_person(account.roles)
        access = self._signer.sign(account, session.session_id, granted, session.expires)
        left = session.expires - self._clock()
        return Grant(access, successor, int(left.total_seconds()))

    async def validate(self, token: str) -> Claims:
        """Return the claims of an access token whose session has not ended. Raises InvalidToken."""
        claims = self._signer.read(token)
        if not await self.lasts(claims.sid):
            raise InvalidToken("the session has ended")
        return claims

    async def of(self, account_id: str) -> list[Session]:
        """Return the account's sessions that have not ended, newest first."""
        found = await self._store.live_of(account_id, api_keys=False)
        return [each for each in reversed(found) if each.is_live(self._clock())]

    async def proven(self, session_id: str) -> datetime:
        """Return when the person of a session proved who they are. Raises InvalidToken if there is none."""
        session = await self._store.get(session_id)
        if session is None:
            raise InvalidToken("the session has ended")
        return session.proven or session.created

    async def lasts(self, session_id: str) -> bool:
        """Return True if this is a session that has neither ended nor expired."""
        session = await self._store.get(session_id)
        return session is not None and session.is_live(self._clock())

    async def end_one(self, account_id: str, session_id: str) -> None:
        """End a session of the account. Raises NoSuchSession, also for another's and for an API key."""
        if session_id not in [each.session_id for each in await self.of(account_id)]:
            raise NoSuchSession("you have no session with this id")
        await self._end(account_id, [session_id], "signed_out")

    async def end_by_refresh(self, text: str) -> None:
        """Sign out by a refresh token. Raises InvalidToken."""
        session = await self._by_refresh(text)
        await self._end(session.account_id, [session.session_id], "signed_out")

    async def end(self, account_id: str, session_id: str, reason: str = "signed_out") -> None:
        """End one session or API key of the account; return once the log has it, or after a second."""
        await self._end(account_id, [session_id], reason)

    async def end_others(self, account_id: str, *, keep: str = "", reason: str) -> None:
        """End all sessions of the account but `keep`; its API keys stay."""
        live = await self._store.live_of(account_id, api_keys=False)
        ended = [each.session_id for each in live if each.session_id != keep]
        for at in range(0, len(ended), _AT_ONCE):
            await self._end(account_id, ended[at : at + _AT_ONCE], reason)

    async def end_account(self, account_id: str, reason: str) -> None:
        """End all sessions and API keys of an account."""
        now = self._clock()
        await self._store.end_account(account_id, now, reason)
        revoked = AccountRevoked(reason=reason)
        await self._announcer.publish(
            event_of(account_id, revoked, self._clock(), new_id()),
            partial(self._store.mark_all_announced, account_id),
        )

    async def announce_rest(self) -> None:
        """Publish the ends of sessions that the log may lack."""
        since = self._clock() - timedelta(seconds=LONGEST_TOKEN)  # before, no access token is left of them
        for session in await self._store.unannounced(since):
            await self._announce_end(session.account_id, [session.session_id], session.reason)

    async def _by_refresh(self, text: str) -> Session:
        if not opaque.is_well_formed(text, opaque.REFRESH):
            raise InvalidToken(_REFUSED)
        session = await self._store.find(opaque.digest(opaque.family_of(text)))
        if session is None or not session.is_live(self._clock()):
            raise InvalidToken(_REFUSED)
        return session

    async def _successor(self, session: Session, text: str) -> str:
        """Return the token that follows this one. Raises InvalidToken, and ends the session, if it is old."""
        now, shown = self._clock(), opaque.digest(text)
        if shown == session.current:
            successor = opaque.make(opaque.REFRESH, opaque.family_of(text))
            sealed = _seal(text, successor)
            if await self._store.rotate(session.session_id, shown, opaque.digest(successor), sealed, now):
                return successor
            session = await self._by_refresh(text)  # another was faster by a moment
        if shown == session.previous and session.rotated and now - session.rotated <= GRACE:
            return _unseal(text, session.sealed)
        log.warning("refresh_reused", account_id=session.account_id, session_id=session.session_id)
        await self._end(session.account_id, [session.session_id], "refresh_reused")
        raise InvalidToken(_REFUSED)

    async def _end(self, account_id: str, session_ids: Sequence[str], reason: str) -> None:
        if ended := await self._store.end(account_id, session_ids, self._clock(), reason):
            await self._announce_end(account_id, ended, reason)

    async def _announce_end(self, account_id: str, session_ids: Sequence[str], reason: str) -> None:
        occasion = session_ids[0] if len(session_ids) == 1 else new_id()
        revoked = AccountRevoked(reason=reason, sessions=tuple(session_ids))
        then = partial(self._store.mark_announced, session_ids)
        await self._announcer.publish(event_of(account_id, revoked, self._clock(), occasion), then)


def _seal(token: str, successor: str) -> bytes:
    """Encrypt the successor of a token, so that only the token opens it. The derived key has this one use."""
    return AESGCM(opaque.digest(f"seal {token}")).encrypt(bytes(12), successor.encode(), None)


def _unseal(token: str, sealed: bytes) -> str:
    return AESGCM(opaque.digest(f"seal {token}")).decrypt(bytes(12), sealed, None).decode()
