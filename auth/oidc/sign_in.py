"""Signing in by an issuer: to it, and back with its answer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import structlog
from msgspec import Struct

from auth.errors import BadCredentials, IssuerUnavailable, NoSuchProvider, SignInFailed, SignInRefused
from auth.keys.signer import Signer
from auth.oidc import attempts
from auth.oidc.attempts import Attempt
from auth.oidc.claims import person
from auth.oidc.id_token import Claims
from auth.oidc.people import People
from auth.oidc.provider import Provider
from auth.sessions.sessions import Grant, Sessions
from auth.stores.directory import Identity
from auth.throttle import Deed, Throttle
from events.errors import Unavailable

_AT_ONCE = 8
"""Requests that may wait for one issuer; each keeps a place at the gateway that others need."""
_SECONDS = 9.0
"""For all that is asked of the issuer and of the database; the gateway waits a second longer."""

log = structlog.get_logger()


class Begun(Struct, frozen=True):
    """The address to send the browser to, and the sealed attempt that it keeps. The repr shows neither."""

    location: str
    attempt: str
    expires_in: int

    def __repr__(self) -> str:
        return "Begun(…)"


class Answered(Struct, frozen=True):
    """The issuer's answer as the browser brings it, and the attempt from its cookie."""

    attempt: str = ""
    state: str = ""
    code: str = ""
    iss: str | None = None
    error: str = ""

    def __repr__(self) -> str:
        return "Answered(…)"


class SignIn:
    """Sign-ins by issuers. Every method raises NoSuchProvider and IssuerUnavailable."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        people: People,
        sessions: Sessions,
        signer: Signer,
        throttle: Throttle,
        clock: Callable[[], datetime],
    ) -> None:
        """`providers` are by name, in the order to be shown."""
        self._providers, self._people, self._sessions = providers, people, sessions
        self._signer, self._throttle, self._clock = signer, throttle, clock
        self._waiting = dict.fromkeys(providers, 0)

    def offered(self) -> dict[str, str]:
        """Return the providers' labels by their names."""
        return {name: each.settings.label or name for name, each in self._providers.items()}

    def names_of(self, identities: Sequence[Identity]) -> tuple[str, ...]:
        """Return the names of the providers that know the holder of these."""
        issuers = {each.issuer for each in identities}
        return tuple(name for name, each in self._providers.items() if each.settings.issuer in issuers)

    async def begin(self, name: str, return_to: str) -> Begun:
        """Begin an attempt. Raises InvalidRequest for a `return_to` that is elsewhere."""
        attempt = Attempt.new(name, return_to, self._clock().timestamp())
        async with self._asking(name) as provider:
            location = await provider.authorization_url(attempt)
        return Begun(location, attempts.sealed(attempt, self._signer.key()), attempts.SECONDS)

    async def finish(
        self, name: str, answered: Answered, *, address: str, program: str = ""
    ) -> tuple[Grant, str]:
        """Begin a session; return it with the path to go on to. `address` is the client's, if known.

        Raises SignInFailed, SignInRefused, TooManyFailures, DirectoryUnavailable.
        """
        try:
            async with self._asking(name) as provider:
                attempt = self._attempt(name, answered)
                await provider.check_sender(answered.iss)
                if answered.error or not answered.code:
                    raise SignInFailed("refused_by_issuer")
                claims = await self._claims(provider, answered.code, attempt, address)
                account = await self._people.account(person(claims, provider.settings), provider.settings)
            grant = await self._sessions.begin(account, provider=name, program=program)
            return grant, attempt.return_to
        except SignInFailed as failed:
            log.warning("sign_in_failed", provider=name, why=failed.why)
            raise
        except SignInRefused as refused:
            log.info("sign_in_refused", provider=name, why=str(refused))
            raise
        except BadCredentials:  # closed or erased at this moment
            raise SignInRefused("your account is closed; ask the operator") from None

    async def _claims(self, provider: Provider, code: str, attempt: Attempt, address: str) -> Claims:
        """Return the issuer's claims. Made-up codes are throttled, or the issuer would block us."""
        tried = await self._throttle.admit(attempt.state, address, Deed.CODE)
        try:
            claims = await provider.claims(code, attempt, self._clock().timestamp())
        except SignInFailed:
            await self._throttle.failed(tried)
            raise
        except Unavailable:
            await self._throttle.let_go(tried)
            raise
        await self._throttle.let_go(tried)
        return claims

    def _attempt(self, name: str, answered: Answered) -> Attempt:
        """Return the attempt that this is the answer to. Raises SignInFailed."""
        attempt = attempts.opened(answered.attempt, self._signer.public_keys(), self._clock().timestamp())
        if attempt.provider != name:
            raise SignInFailed("provider")
        if not attempt.is_answered_by(answered.state):
            raise SignInFailed("state")
        return attempt

    @asynccontextmanager
    async def _asking(self, name: str) -> AsyncIterator[Provider]:
        """Give the provider for a block. A slow one keeps only its own people waiting."""
        if (provider := self._providers.get(name)) is None:
            raise NoSuchProvider("no provider has this name")
        if self._waiting[name] >= _AT_ONCE:
            raise IssuerUnavailable("too many are waiting for this provider; try again in a moment")
        self._waiting[name] += 1
        try:
            async with asyncio.timeout(_SECONDS):
                yield provider
        except IssuerUnavailable as error:
            log.warning("issuer_unavailable", provider=name, error=str(error))
            raise
        except TimeoutError as error:
            raise IssuerUnavailable("the provider does not answer; try again in a moment") from error
        finally:
            self._waiting[name] -= 1
