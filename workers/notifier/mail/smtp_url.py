"""The mail server, as one setting.

`SMTP_URL` names the server: `smtp://[user:password@]host[:port][?starttls=always|auto|never]`, or
`smtps://…` for TLS from the first byte (RFC 8314; port 465). Reserved characters in user and password
are percent-encoded (`@` is `%40`). Without `starttls` it is `always` when there is a password to protect
and `auto` (taken when offered) when there is none. Ports: 587 with a user, else 25.

Gmail: turn on two-step verification, make an app password (myaccount.google.com/apppasswords), and set

    SMTP_URL=smtp://you%40gmail.com:abcdefghijklmnop@smtp.gmail.com:587?starttls=always
    MAIL_FROM=Tonearm <you@gmail.com>
"""

from typing import Literal, cast, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from service.settings import InvalidSetting, Settings

Tls = Literal["implicit", "always", "auto", "never"]
StartTls = Literal["always", "auto", "never"]


class SmtpServer(Settings, frozen=True, kw_only=True):
    """The mail server and the way to it. The repr masks the password."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = None


def parse_smtp_url(url: str) -> SmtpServer:
    """Read SMTP_URL. Raises InvalidSetting, whose text never repeats the password."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidSetting("setting: SMTP_URL has a port that is no number from 1 to 65535") from None
    if "@" in parts.query + parts.fragment:  # they are the rest of a password, and not to be shown
        raise InvalidSetting("setting: SMTP_URL has a ? or # in its password; they are written %3F and %23")
    if parts.scheme not in ("smtp", "smtps"):
        raise InvalidSetting("setting: SMTP_URL begins with neither smtp:// nor smtps://")
    if not host or parts.path not in ("", "/"):
        raise InvalidSetting("setting: SMTP_URL is not of the form smtp://user:password@host:port")
    if (parts.username is None) != (parts.password is None):
        raise InvalidSetting("setting: SMTP_URL has a user without a password, or a password without a user")
    user = unquote(parts.username) if parts.username else None
    tls = _tls(parts.scheme, parts.query, with_user=user is not None)
    default_port = 465 if tls == "implicit" else 587 if user else 25
    return SmtpServer(
        host=host,
        port=port or default_port,
        tls=tls,
        user=user,
        password=unquote(parts.password) if user and parts.password else None,
    )


def _tls(scheme: str, query: str, *, with_user: bool) -> Tls:
    options = parse_qs(query, keep_blank_values=True)
    if unknown := options.keys() - {"starttls"}:
        raise InvalidSetting(f"setting: SMTP_URL has an unknown option {sorted(unknown)[0]!r}")
    wanted = options.get("starttls", ["always" if with_user else "auto"])[-1]
    if wanted not in get_args(StartTls):
        raise InvalidSetting("setting: SMTP_URL has a starttls that is none of always, auto, never")
    if scheme == "smtps" and "starttls" in options:
        raise InvalidSetting("setting: SMTP_URL with smtps:// is TLS already; leave starttls away")
    return "implicit" if scheme == "smtps" else cast("Tls", wanted)
