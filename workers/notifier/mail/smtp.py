"""Sends by SMTP (RFC 5321), and classifies refusals: final, or not."""

import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from urllib.parse import quote

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from events import tracing
from workers.notifier.errors import MailDelayed, MailRefused
from workers.notifier.mail.smtp_url import SmtpServer

_OUR_TROUBLE = frozenset({530, 534, 535, 538})
"""RFC 4954 and 3207: sign in first, or start TLS first. The settings are wrong, and not the mail."""

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
        """Connect, sign in, and yield `deliver`; quit afterwards.

        `deliver` returns once the server has taken responsibility for the mail (RFC 5321, 4.2.5). It raises
        MailDelayed for a refusal that may end, and MailRefused for one that is final. The caller notes the
        acceptance inside the block, so that a slow QUIT cannot lose it.
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
        with tracing.span("send mail"):
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
                    if _is_final(error):
                        raise MailRefused(f"the mail server refused the mail: {text}", _code(error)) from None
                    raise MailDelayed(
                        f"the mail was not accepted yet: {text}", maybe_sent=not _is_answer(error)
                    ) from None

            try:
                yield deliver
            finally:
                try:
                    await client.quit(timeout=2.0)
                except (SMTPException, OSError):
                    pass  # the mail's fate is decided already
                finally:
                    client.close()


def _is_final(error: Exception) -> bool:
    match error:
        case SMTPRecipientsRefused():
            return all(_is_final(refusal) for refusal in error.recipients)
        case SMTPSenderRefused() | SMTPDataError():
            return error.code >= 500 and error.code not in _OUR_TROUBLE
        case SMTPResponseException():  # of one recipient
            return error.code >= 500 and error.code not in _OUR_TROUBLE
        case SMTPNotSupported() | ValueError():  # the address needs what this server cannot do
            return True
        case _:
            return False


def _is_answer(error: Exception) -> bool:
    """Return True if the server has refused; else it may have taken the mail before the connection broke."""
    return isinstance(error, SMTPRecipientsRefused | SMTPResponseException)


def _code(error: Exception) -> int | None:
    match error:
        case SMTPRecipientsRefused(recipients=[first, *_]):
            return _code(first)
        case SMTPResponseException(code=code):
            return int(code)
        case _:
            return None


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
