"""The form of all mails: the sender, the links to the gateway, and the step from words to a mail. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from html import escape
from urllib.parse import quote, urlencode, urlsplit

from msgspec import Struct

from service.public_url import in_ascii, public_url
from service.settings import InvalidSetting
from workers.notifier.errors import AddressUnusable
from workers.notifier.mail.headers import POLICY

_ATOMS = re.compile(r'[^\s@<>()\[\]\\,;:"]+')


class Link(Struct, frozen=True, kw_only=True):
    """A link in a mail: `here` stands before the URL in plain text, `button` is shown in HTML."""

    url: str
    here: str
    button: str

    def __repr__(self) -> str:
        return f"Link({self.here!r})"


class Words(Struct, frozen=True, kw_only=True):
    """The text of a mail. `title` heads the HTML; `said` stands before the link, `after` behind it.

    `leave` is the way out of mails of this kind, for people and for their mail programs.
    """

    subject: str
    title: str
    said: str
    link: Link | None = None
    after: Sequence[str] = ()
    leave: Link | None = None


class Letterhead(Struct, frozen=True, kw_only=True):
    """The sender of all letters, and the gateway's URL, as `public_url` returns it."""

    sender: Address
    public_url: str

    def message_id(self, cause_id: str) -> str:
        """Return the Message-ID (RFC 5322, 3.6.4): the same for every copy about the same event."""
        host = urlsplit(self.public_url).hostname or "tonearm"
        return f"<{cause_id}@{f'[{host}]' if ':' in host else host}>"

    def link(self, job_id: str) -> str:
        """Return the URL of a job's audio."""
        return f"{self.public_url}/jobs/{quote(job_id, safe='')}/audio"

    def page(self, path: str, token: str = "") -> str:
        """Return the URL of a page for an account's holder."""
        return f"{self.public_url}{path}{'?' + urlencode({'token': token}) if token else ''}"


def letterhead(mail_from: str, url: str) -> Letterhead:
    """Read the settings MAIL_FROM ("Name <address>" or an address) and PUBLIC_URL. Raises InvalidSetting."""
    name, spec = parseaddr(mail_from)
    try:
        sender = Address(display_name=name, addr_spec=_at_ascii_domain(spec))
    except (HeaderParseError, ValueError, IndexError):
        sender = Address()
    if not sender.username or not sender.domain or not sender.addr_spec.isascii():
        raise InvalidSetting("setting: MAIL_FROM is not an address such as Tonearm <tonearm@example.org>")
    return Letterhead(sender=sender, public_url=public_url(url))


def mail(words: Words, *, head: Letterhead, to: str, cause_id: str, now: datetime) -> EmailMessage:
    """Return the mail, plain with an HTML alternative. Raises Undeliverable for an impossible address."""
    message = EmailMessage(policy=POLICY)
    message["From"] = head.sender
    message["To"] = _recipient(to)
    message["Subject"] = words.subject
    message["Date"] = now
    message["Message-ID"] = head.message_id(cause_id)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    if words.leave:
        message["List-Unsubscribe"] = f"<{words.leave.url}>"
        if words.leave.url.startswith("https:"):  # RFC 8058 allows nothing less
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # Quoted-printable is 7 bit: no server has to rewrite it, and no line is too long.
    message.set_content(_text(words), cte="quoted-printable")
    message.add_alternative(_html(words), subtype="html", cte="quoted-printable")
    return message


def _recipient(spec: str) -> Address:
    try:
        at_ascii = _at_ascii_domain(spec)
        if at_ascii.isascii():
            return Address(addr_spec=at_ascii)
        local, _, domain = at_ascii.rpartition("@")  # which `addr_spec` takes in ASCII only
        if local.isprintable() and _ATOMS.fullmatch(local) and Address(addr_spec=f"a@{domain}"):
            return Address(username=local, domain=domain)
        raise ValueError
    except (HeaderParseError, ValueError, IndexError):
        raise AddressUnusable("the account's address cannot be written on a mail") from None


def _at_ascii_domain(spec: str) -> str:
    """Return the address with the domain as servers know it, so that not every server has to take UTF-8."""
    local, at, domain = spec.rpartition("@")
    return f"{local}{at}{in_ascii(domain)}"


def _text(words: Words) -> str:
    link, leave = ([f"{each.here}: {each.url}"] if each else [] for each in (words.link, words.leave))
    return "\n\n".join(["Hello,", words.said, *link, *words.after, "Tonearm", *leave]) + "\n"


def _html(words: Words) -> str:
    button = f'<p><a href="{escape(words.link.url)}">{words.link.button}</a></p>\n' if words.link else ""
    after = "".join(f"<p>{escape(each)}</p>\n" for each in words.after)
    leave = words.leave
    out = f'<p><small><a href="{escape(leave.url)}">{leave.button}</a></small></p>\n' if leave else ""
    return (
        '<!doctype html>\n<html lang="en">\n'
        f'<head><meta charset="utf-8"><title>{escape(words.title)}</title></head>\n'
        '<body style="font-family: sans-serif; line-height: 1.5">\n'
        f"<p>Hello,</p>\n<p>{escape(words.said)}</p>\n{button}{after}<p>Tonearm</p>\n{out}</body>\n</html>\n"
    )
