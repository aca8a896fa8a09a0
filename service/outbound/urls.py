"""Read the URL that a person gave, once and strictly: no other parser ever sees it.

Hosts have many spellings that some resolver or other takes for an address (`127.1`, `0x7f.1`, `2130706433`,
`[::1%25lo]`). Of those only the usual ones are taken here, so a check and a connection mean the same host.
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import httpx
from msgspec import Struct

from service.outbound.addresses import Address
from service.outbound.errors import BadURL

LONGEST = 8192
"""Characters of a URL; signed ones of clouds have up to about 3,000."""
_LONGEST_NAME = 253
_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A name whose last label is such a one is an address to some resolvers (URL Standard, 3.5)."""


class Target(Struct, frozen=True):
    """The destination of one request."""

    secure: bool
    host: str
    """A name in ASCII without a dot at its end, or an address without brackets."""
    port: int
    path: str
    """With the query."""

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return "https" if self.secure else "http"

    @property
    def authority(self) -> str:
        """Host and port as the header `Host` has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """All of it, as one text."""
        return f"{self.scheme}://{self.authority}{self.path}"

    def redirected(self, location: str) -> "Target":
        """Return what a header `Location` means here (RFC 9110, 10.2.2). Raises BadURL."""
        try:
            return read(str(httpx.URL(self.url).join(location)))
        except (httpx.InvalidURL, ValueError) as error:
            raise BadURL("it redirects to what is no URL") from error


def read(text: str) -> Target:
    """Read a URL. Raises BadURL, whose text is for who gave it."""
    if len(text) > LONGEST:
        raise BadURL(f"a URL may have {LONGEST:,} characters")
    if any(char <= " " or char == "\\" or char == "\x7f" for char in text):
        raise BadURL("the URL holds a blank, a backslash or a control character")
    try:
        url = httpx.URL(text)
        host, path = url.raw_host.decode("ascii"), url.raw_path.decode("ascii")
    except (httpx.InvalidURL, ValueError) as error:
        raise BadURL("this is no URL") from error
    if url.scheme not in _PORTS:
        raise BadURL("the URL must begin with https:// or http://")
    if url.userinfo:
        raise BadURL("the URL may hold no user name or password")
    port = _PORTS[url.scheme] if url.port is None else url.port
    if not 1 <= port <= 65535:
        raise BadURL("the URL's port is none")
    return Target(url.scheme == "https", _host(host), port, path)


def literal(host: str) -> Address | None:
    """Return the address that a target's host is; None for a name."""
    try:
        return IPv6Address(host) if ":" in host else IPv4Address(host)
    except AddressValueError:
        return None


def _host(text: str) -> str:
    if literal(text) is not None and "%" not in text:
        return text
    name = text.removesuffix(".")
    labels = name.split(".")
    if literal(name) is not None and ":" not in name:
        return name
    if not name or len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadURL("the URL's host is no name and no address")
    if _NUMBER.fullmatch(labels[-1]):
        raise BadURL("an address is written in full, such as 192.0.2.1")
    return name
