"""One issuer as we know it: its endpoints and keys by discovery, and what is asked of it."""

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import structlog
from msgspec import Struct

from auth.errors import IssuerUnavailable, SignInFailed
from auth.oidc import claims, id_token
from auth.oidc.attempts import Attempt
from auth.oidc.fetch import Document, Kept, ask, client
from auth.oidc.id_token import Claims, UnknownKey
from auth.oidc.settings import Issuer, is_safe_url

_OK = 200
_PUBLISHED = "/.well-known/openid-configuration"

log = structlog.get_logger()


class Metadata(Struct, frozen=True, kw_only=True):
    """The metadata that an issuer publishes (OpenID Connect Discovery 1.0, 3; RFC 8414; RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Keys(Struct, frozen=True):
    keys: list[Document]


class _Tokens(Struct, frozen=True):
    id_token: str
    access_token: str = ""

    def __repr__(self) -> str:
        return "_Tokens(…)"


class _Refusal(Struct, frozen=True):
    error: str = ""


class Provider:
    """One issuer. Every method that asks it raises IssuerUnavailable."""

    def __init__(
        self,
        settings: Issuer,
        http: httpx.AsyncClient,
        redirect_uri: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` counts seconds, for what is kept of the issuer."""
        self.settings, self._http, self._redirect_uri = settings, http, redirect_uri
        self._secret = settings.secret()
        self._metadata = Kept(self._discover, clock)
        self._keys = Kept(self._published_keys, clock)

    async def authorization_url(self, attempt: Attempt) -> str:
        """Return where the browser is sent to sign in."""
        metadata = await self._metadata.get()
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self.settings.scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        at = metadata.authorization_endpoint
        return f"{at}{'&' if '?' in at else '?'}{urlencode(query, quote_via=quote)}"

    async def check_sender(self, iss: str | None) -> None:
        """Raise SignInFailed when an answer is another issuer's (RFC 9207): ours would be given its code."""
        metadata = await self._metadata.get()
        if iss is None and not metadata.authorization_response_iss_parameter_supported:
            return
        if iss != metadata.issuer:
            raise SignInFailed("iss")

    async def claims(self, code: str, attempt: Attempt, now: float) -> Claims:
        """Exchange the code, and return the issuer's claims about the person.

        Claims that the ID token lacks are fetched with the access token. Raises SignInFailed.
        """
        metadata = await self._metadata.get()
        tokens = await self._exchange(metadata, code, attempt)
        found = await self._verified(tokens, attempt.nonce, now)
        if claims.lacks(found, self.settings) and metadata.userinfo_endpoint and tokens.access_token:
            found = await self._user_info(metadata, tokens.access_token, str(found["sub"])) | found
        return found

    async def _discover(self) -> Metadata:
        name = self.settings.issuer
        answer = await ask(self._http, f"{name.rstrip('/')}{_PUBLISHED}")
        if answer.status != _OK:
            raise self._away("discovery", f"status {answer.status}")
        found = answer.read(Metadata)
        if found.issuer != name:
            raise self._away("discovery", f"it calls itself {found.issuer[:200]!r}: is ISSUER to the letter?")
        endpoints = (
            found.authorization_endpoint,
            found.token_endpoint,
            found.jwks_uri,
            found.userinfo_endpoint,
        )
        if not all(is_safe_url(each.partition("?")[0]) for each in endpoints if each):
            raise self._away("discovery", "an endpoint is not reached by https")
        return found

    async def _published_keys(self) -> list[Document]:
        answer = await ask(self._http, (await self._metadata.get()).jwks_uri)
        if answer.status != _OK:
            raise self._away("keys", f"status {answer.status}")
        return answer.read(_Keys).keys

    async def _exchange(self, metadata: Metadata, code: str, attempt: Attempt) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": attempt.verifier,
        }
        basic = None
        if not self._secret:
            form["client_id"] = self.settings.client_id
        elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            basic = quote(self.settings.client_id, safe=""), quote(self._secret, safe="")  # RFC 6749, 2.3.1
        else:
            form |= {"client_id": self.settings.client_id, "client_secret": self._secret}
        answer = await ask(self._http, metadata.token_endpoint, form=form, auth=basic)
        if answer.status == _OK:
            return answer.read(_Tokens)
        refusal = answer.read(_Refusal).error
        if refusal == "invalid_grant":
            raise SignInFailed("code_refused")
        raise self._away("token", f"status {answer.status}, error {refusal[:50]!r}")

    async def _verified(self, tokens: _Tokens, nonce: str, now: float) -> Claims:
        def verified(keys: list[Document]) -> Claims:
            return id_token.verify(
                tokens.id_token,
                keys,
                issuer=self.settings.issuer,
                client_id=self.settings.client_id,
                nonce=nonce,
                access_token=tokens.access_token,
                now=now,
            )

        try:
            return verified(await self._keys.get())
        except UnknownKey:
            return verified(await self._keys.get(fresh=0.0))

    async def _user_info(self, metadata: Metadata, access_token: str, subject: str) -> Claims:
        headers = {"Authorization": f"Bearer {access_token}"}
        answer = await ask(self._http, metadata.userinfo_endpoint, headers=headers)
        if answer.status != _OK:
            raise self._away("userinfo", f"status {answer.status}")
        found = answer.read(dict[str, Any])
        if found.get("sub") != subject:  # else it is another person's (Core, 5.3.2)
            raise SignInFailed("userinfo_sub")
        return found

    def _away(self, what: str, why: str) -> IssuerUnavailable:
        log.warning("issuer_answers_wrong", provider=self.settings.name, asked_for=what, why=why)
        return IssuerUnavailable("signing in by this provider does not work right now")


@asynccontextmanager
async def providers(issuers: Iterable[Issuer], public_url: str) -> AsyncIterator[dict[str, Provider]]:
    """Give all providers by name for a block. No request is made yet.

    Each sends people back to an address of its own, so that one cannot answer in another's place.
    """
    async with AsyncExitStack() as stack:
        yield {
            each.name: Provider(
                each,
                await stack.enter_async_context(client()),
                f"{public_url.rstrip('/')}/login/oidc/{each.name}/callback",
            )
            for each in issuers
        }
