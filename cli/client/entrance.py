"""A gateway from outside: what it answers to somebody who is not signed in yet."""

from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from msgspec import Struct

from cli.called import called
from cli.client.answers import Token, read_as, refusal
from cli.client.errors import ClientError, NotThere, SignInRefused, Troubled, Unreachable
from cli.client.gateway import http_client, unreachable

T = TypeVar("T")
_LARGEST = 2**20
"""Bytes of an answer, unpacked. Whatever listens at an address may answer without end."""


class Ways(Struct, frozen=True):
    """By what one gets in; `providers` of OpenID Connect: labels by names."""

    registration: str
    password_rule: str
    providers: dict[str, str]


class Codes(Struct, frozen=True):
    """The codes of a device (RFC 8628), good for so many seconds. The repr shows neither."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str = ""
    expires_in: float = 600.0
    interval: float = 5.0

    def __repr__(self) -> str:
        return "Codes(…)"


class Moved(ClientError):
    """The gateway, or what stands before it, sends its clients elsewhere; the text says where."""


class Account(Struct, frozen=True):
    """The account of a session."""

    account_id: str
    email: str
    roles: tuple[str, ...] = ()


class Present(Struct, frozen=True):
    """The holder of a token or key; `state` is `in` where that is good."""

    state: str
    account: str = ""
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


class Entrance:
    """A gateway's open routes, and those that a sign-in begins and ends with. Methods raise ClientError."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = http_client(self.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def ways(self) -> Ways:
        """Return the ways in. What else may listen at the address has none."""
        try:
            return self._asked(Ways, "GET", "/entry")
        except (Moved, Unreachable, Troubled):
            raise
        except ClientError:
            raise ClientError(f"there is no Tonearm gateway at {self.url}") from None

    def by_password(self, email: str, password: str) -> Token:
        """Begin a session. Raises SignInRefused."""
        known = httpx.BasicAuth(email.encode(), password.encode())
        return self._asked(Token, "POST", "/login", auth=known)

    def begin(self) -> Codes:
        """Begin the sign-in of this device."""
        try:
            return self._asked(Codes, "POST", "/login/device")
        except NotThere:  # an older one
            raise ClientError("this gateway signs in nobody by a browser: try --password or --key") from None

    def token(self, device_code: str) -> Token:
        """Return the device's tokens, once it is approved.

        Before, it raises RequestRefused. `error` of its problem is one of RFC 8628, 3.5.
        """
        shown = {"device_code": device_code}
        return self._asked(Token, "POST", "/login/device/token", json=shown)

    def account(self, access_token: str) -> Account:
        """Return whose token this is."""
        return self._asked(Account, "GET", "/account", headers=_bearer(access_token))

    def of_key(self, key: str) -> Present:
        """Return whose API key this is, and what it may do. Raises SignInRefused where it is not good."""
        found = self._asked(Present, "GET", "/session", headers=_bearer(key))
        if found.state != "in":
            raise SignInRefused(httpx.codes.UNAUTHORIZED, "the API key is not good, or not any more")
        return found

    def end(self, refresh_token: str) -> None:
        """End a session. That it has ended already is no error."""
        with unreachable(self.url):
            self._http.post("/logout", json={"refresh_token": refresh_token})

    def _asked(self, kind: type[T], method: str, path: str, **options: Any) -> T:
        with unreachable(self.url), self._http.stream(method, path, **options) as answer:
            if answer.has_redirect_location:  # secrets go nowhere that nobody has named
                to = answer.headers["Location"].removesuffix(path)
                raise Moved(f"{self.url} leads to another address: `{called(f'login {to}')}`")
            read = _read(answer)
        if not read.is_success:
            raise refusal(read)
        return read_as(read, kind)


def _read(answer: httpx.Response) -> httpx.Response:
    """Return an answer with its body. Raises ClientError where that is too large."""
    body = bytearray()
    for block in answer.iter_bytes():
        body += block
        if len(body) > _LARGEST:
            raise ClientError(f"the answer to {answer.request.url.path} is no gateway's: it has no end")
    return httpx.Response(answer.status_code, content=bytes(body), request=answer.request)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
