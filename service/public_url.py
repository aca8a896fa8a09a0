"""The address by which people and programs outside reach us: the setting PUBLIC_URL."""

from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import idna

from service.settings import InvalidSetting


def public_url(setting: str) -> str:
    """Return the setting PUBLIC_URL in ASCII, without a slash at the end. Raises InvalidSetting."""
    try:
        parts = urlsplit(setting)
        place = _place(parts)
    except ValueError:  # a port that is none, or what IDNA forbids
        place = ""
    if not place or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise InvalidSetting("setting: PUBLIC_URL is not an http(s) URL such as https://tonearm.example.org")
    return urlunsplit((parts.scheme, place, quote(parts.path.rstrip("/"), safe="/%"), "", ""))


def in_ascii(host: str) -> str:
    """Return the host with internationalised labels as `xn--…`. Raises ValueError for what IDNA forbids."""
    return host if host.isascii() else idna.encode(host, uts46=True).decode()


def _place(parts: SplitResult) -> str:
    """Return host and port; empty where there is no host, or a user. Raises ValueError."""
    host = in_ascii(parts.hostname or "")
    port = "" if parts.port is None else f":{parts.port}"
    if not host or parts.username is not None:
        return ""
    return (f"[{host}]" if ":" in host else host) + port
