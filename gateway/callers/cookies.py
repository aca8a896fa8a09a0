"""A session in cookies, for pages: scripts cannot read them, other sites cannot use them.

The prefix `__Host-` makes a browser insist on HTTPS, this host and no other. Most take http://localhost for
safe, too, and so set them there. SameSite keeps cookies out of other sites' requests, but not out of other
ports' and subdomains', hence the check of where an unsafe request comes from (RFC 6265bis, Fetch Metadata).
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from msgspec import Struct

from gateway.errors import FromElsewhere

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class TokenPair(Struct, frozen=True):
    """Auth's answer to a sign-in. No repr: it holds secrets."""

    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int

    def __repr__(self) -> str:
        return "TokenPair(…)"


class _SignedIn(Struct, frozen=True):
    expires_in: int
    refresh_expires_in: int


class Cookies(Struct, frozen=True):
    """The two cookies. A link in a mail brings the access token's along, and never the refresh token's.

    A third one lasts for minutes: of a sign-in that has gone to an issuer of OpenID Connect.

    Where they are not `secure` they have no prefix and travel over plain HTTP, too.
    """

    secure: bool = True

    def access(self, connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
        """Return the access token that came in a cookie. Raises FromElsewhere."""
        return self._of(connection, self._names[0])

    def refresh(self, request: Request[Any, Any, Any]) -> str | None:
        """Return the refresh token that came in a cookie. Raises FromElsewhere."""
        return self._of(request, self._names[1])

    def kept(self, answer: Response[Any]) -> Response[Any]:
        """Put the tokens of auth's answer into cookies, and leave only their lives in the body."""
        pair = msgspec.json.decode(answer.content, type=TokenPair)
        made = Response[Any](
            _SignedIn(pair.expires_in, pair.refresh_expires_in),
            status_code=answer.status_code,
            headers={"Cache-Control": "no-store"},
        )
        return self.put(pair, made)

    def put(self, pair: TokenPair, answer: Response[Any]) -> Response[Any]:
        """Put the tokens into cookies of this answer."""
        access, refresh, _ = self._names
        answer.set_cookie(self._cookie(access, pair.access_token, pair.expires_in, "lax"))
        answer.set_cookie(self._cookie(refresh, pair.refresh_token, pair.refresh_expires_in, "strict"))
        return answer

    def attempt(self, connection: ASGIConnection[Any, Any, Any, Any]) -> str:
        """Return the sign-in that this browser has begun; empty for none."""
        return connection.cookies.get(self._names[2], "")

    def put_attempt(self, attempt: str, seconds: int, answer: Response[Any]) -> Response[Any]:
        """Keep a sign-in that has begun; 0 seconds: forget it. The issuer's site leads back, hence lax."""
        answer.set_cookie(self._cookie(self._names[2], attempt, seconds, "lax"))
        return answer

    def dropped(self, answer: Response[Any]) -> Response[Any]:
        """Make the browser forget them."""
        for name in self._names[:2]:
            answer.set_cookie(self._cookie(name, "", 0, "strict"))
        return answer

    @property
    def _names(self) -> tuple[str, str, str]:
        prefix = "__Host-" if self.secure else ""
        return f"{prefix}tonearm", f"{prefix}tonearm-refresh", f"{prefix}tonearm-oidc"

    def _of(self, connection: ASGIConnection[Any, Any, Any, Any], name: str) -> str | None:
        found = connection.cookies.get(name)
        if found and connection.scope.get("method") not in SAFE:
            check_origin(connection.headers)
        return found or None

    def _cookie(self, name: str, value: str, seconds: int, samesite: Literal["lax", "strict"]) -> Cookie:
        return Cookie(
            key=name,
            value=value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite=samesite,
        )


def check_origin(headers: Mapping[str, str]) -> None:
    """Raise FromElsewhere unless the request comes from a page of ours, or from the address bar.

    Browsers send Sec-Fetch-Site, old ones Origin. A client that sends neither is no browser, and needs no
    cookies.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site in ("same-origin", "none"):
        return
    if site is None and origin and origin.partition("://")[2] == headers.get("host"):
        return
    raise FromElsewhere("another site has sent this, or nothing says that it has not")
