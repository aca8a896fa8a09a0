"""Asks auth for an account's address, and for a link. The answer is used at once and kept nowhere."""

from typing import Protocol, TypeVar
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Struct

from events.types import Letter
from service.mail_preference import MailPreference
from workers.notifier.errors import AccountsUnavailable, NoAccount

T = TypeVar("T")


class Addressee(Struct, frozen=True):
    """The address of mails about jobs, which of them are wanted, and the token of the link that ends them.

    `links`: a mail about audio shall have a link that needs no sign-in. An auth of an earlier version knows
    nothing but the address.
    """

    email: str
    mails: MailPreference = MailPreference.ALL
    unsubscribe: str = ""
    links: bool = False

    def __repr__(self) -> str:
        return "Addressee(…)"


class Granted(Struct, frozen=True):
    """The address of a letter, and the token of its link with the seconds it is good for, if it has one."""

    email: str
    token: str = ""
    seconds: int = 0

    def __repr__(self) -> str:
        return "Granted(…)"


class Accounts(Protocol):
    """A source of the addresses of accounts."""

    async def addressee(self, account_id: str) -> Addressee:
        """Return the address. Raises Undeliverable when there is none, AccountsUnavailable for now."""

    async def grant(self, account_id: str, letter: Letter, cause_id: str) -> Granted:
        """Return address and token for a letter.

        Raises as `addressee` does, and Undeliverable for a letter that is of no use any more.
        """


class AuthAccounts:
    """The accounts of auth, by `GET {AUTH_URL}/accounts/{id}` with the service token."""

    def __init__(self, http: httpx.AsyncClient, url: str, token: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    async def addressee(self, account_id: str) -> Addressee:
        """Ask auth for the address."""
        return await self._ask("GET", self._of(account_id), Addressee)

    async def grant(self, account_id: str, letter: Letter, cause_id: str) -> Granted:
        """Ask auth for address and token."""
        asked = {"letter": letter, "cause": cause_id}
        return await self._ask("POST", f"{self._of(account_id)}/letters", Granted, asked)

    def _of(self, account_id: str) -> str:
        return f"{self._url}/accounts/{quote(account_id, safe='')}"

    async def _ask(self, method: str, url: str, kind: type[T], asked: object = None) -> T:
        body = b"" if asked is None else msgspec.json.encode(asked)
        try:
            answer = await self._http.request(method, url, headers=self._headers, content=body)
        except httpx.HTTPError as error:
            raise AccountsUnavailable(f"auth cannot be asked: {type(error).__name__}") from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NoAccount("the account does not exist any more, or this mail would be of no use to it")
        if answer.status_code != httpx.codes.OK:
            raise AccountsUnavailable(f"auth answered {answer.status_code}")
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.DecodeError:
            raise AccountsUnavailable("auth's answer is not an account") from None
