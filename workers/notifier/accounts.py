"""Asking auth for an account's address. The answer is used at once and kept nowhere."""

from typing import Protocol
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Struct

from workers.notifier.errors import AccountsUnavailable, Undeliverable


class Accounts(Protocol):
    """Who knows where an account's mail goes."""

    async def address(self, account_id: str) -> str:
        """Return the address. Raises Undeliverable when there is none, AccountsUnavailable for now."""
        ...


class _Account(Struct):
    email: str


class AuthAccounts:
    """Accounts as auth tells them, `GET {AUTH_URL}/accounts/{id}` with the service token."""

    def __init__(self, http: httpx.AsyncClient, url: str, token: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    async def address(self, account_id: str) -> str:
        """Return the address. Raises Undeliverable when there is none, AccountsUnavailable for now."""
        url = f"{self._url}/accounts/{quote(account_id, safe='')}"
        try:
            answer = await self._http.get(url, headers=self._headers)
        except httpx.HTTPError as error:
            raise AccountsUnavailable(f"auth cannot be asked: {type(error).__name__}") from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise Undeliverable("the account does not exist any more")
        if answer.status_code != httpx.codes.OK:
            raise AccountsUnavailable(f"auth answered {answer.status_code}")
        try:
            return msgspec.json.decode(answer.content, type=_Account).email
        except msgspec.DecodeError:
            raise AccountsUnavailable("auth's answer is not an account") from None
