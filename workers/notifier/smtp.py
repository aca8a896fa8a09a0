"""Sending by SMTP (RFC 5321), and which refusals are for good.

`SMTP_URL` names the server: `smtp://[user:password@]host[:port][?starttls=always|auto|never]`, or
`smtps://…` for TLS from the first byte (RFC 8314; port 465). Reserved characters in user and password
are percent-encoded (`@` is `%40`). Without `starttls` it is `always` when there is a password to protect
and `auto` (taken when offered) when there is none. Ports: 587 with a user, else 25.

Gmail: turn on two-step verification, make an app password (myaccount.google.com/apppasswords), and set

    SMTP_URL=smtp://you%40gmail.com:abcdefghijklmnop@smtp.gmail.com:587?starttls=always
    MAIL_FROM=Tonearm <you@gmail.com>
"""

import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Literal, cast, get_args
from urllib.parse import parse_qs, quote, unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from events.settings import InvalidSetting, Settings
from workers.notifier.errors import MailDelayed, Undeliverable

Tls = Literal["implicit", "always", "auto", "never"]
StartTls = Literal["always", "auto", "never"]

_OUR_TROUBLE = frozenset({530, 534, 535, 538})
"""RFC 4954 and 3207: sign in first, or start TLS first. The settings are wrong, not the mail."""


class SmtpServer(Settings, frozen=True, kw_only=True):
    """Where and how mail is handed in. The repr masks the password."""

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


Deliver = Callable[[EmailMessage], Awaitable[None]]


class Mailer:
    """Hands mails to one server, a connection each: letters are rare and idle connections go stale.

    `timeout` in seconds bounds each step of the dialogue. `trust` replaces the system's certificates.
    """

    def __init__(self, server: SmtpServer, *, timeout: float = 30.0, trust: ssl.SSLContext | None = None):
        self._server = server
        self._timeout = timeout
        self._trust = trust

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Deliver]:
        """Connect, sign in, and yield the way to deliver; say goodbye after.

        `deliver` returns once the server has taken responsibility for the mail (RFC 5321, 4.2.5). It
        raises MailDelayed for what may work later and Undeliverable for what never will. Whatever the
        caller notes about the acceptance goes inside the block, so that a slow goodbye cannot lose it.
        """
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls == "implicit",
            start_tls={"always": True, "auto": None}.get(server.tls, False),
            timeout=self._timeout,
            tls_context=self._trust,
        )
        try:
            await client.connect()
        except (SMTPException, OSError, ValueError) as error:
            raise MailDelayed(f"the mail server cannot be used: {_said(error, '')}") from None

        async def deliver(message: EmailMessage) -> None:
            address = message["To"].addresses[0].addr_spec
            try:
                await client.send_message(message)
            except (SMTPException, OSError, ValueError) as error:
                text = _said(error, address)
                if _for_good(error):
                    raise Undeliverable(f"the mail server refused the mail: {text}") from None
                raise MailDelayed(f"the mail was not accepted yet: {text}") from None

        try:
            yield deliver
        finally:
            try:
                await client.quit(timeout=2.0)
            except (SMTPException, OSError):
                pass  # the mail's fate is decided already
            finally:
                client.close()


def _for_good(error: Exception) -> bool:
    match error:
        case SMTPRecipientsRefused():
            return all(_for_good(refusal) for refusal in error.recipients)
        case SMTPSenderRefused() | SMTPDataError():
            return error.code >= 500 and error.code not in _OUR_TROUBLE
        case SMTPResponseException():  # of one recipient
            return error.code >= 500 and error.code not in _OUR_TROUBLE
        case SMTPNotSupported() | ValueError():  # the address needs what this server cannot do
            return True
        case _:
            return False


def _said(error: Exception, address: str) -> str:
    match error:
        case SMTPRecipientsRefused(recipients=[first, *_]):
            return _said(first, address)
        case SMTPResponseException():
            return without_address(f"{error.code} {error.message}", address)
        case SMTPException():
            return without_address(error.message, address)
        case _:
            return type(error).__name__


def without_address(text: str, address: str) -> str:
    """Return the text as one line of at most 200 characters without the address or parts of it.

    Servers repeat the address, its local part or its domain, plain or percent-encoded in a link.
    """
    text = re.sub(r"\S*(?:@|%40|=40)\S*", "<address>", " ".join(text.split()))
    local, _, domain = address.rpartition("@")
    for part in (local, quote(local, safe=""), domain):
        if part:
            text = re.sub(rf"(?<![\w.-]){re.escape(part)}(?![\w-])", "<address>", text, flags=re.IGNORECASE)
    return text[:200]
