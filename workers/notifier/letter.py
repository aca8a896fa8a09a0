"""The letter: what the mail about a job's end says. Pure; time, ids and addresses come in.

The filename was chosen by whoever uploaded, so it is text and nothing else: no line breaks (they would
be headers), no direction marks (they would turn "gpm.exe" around), no markup, and not a page of it.
"""

import unicodedata
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from html import escape
from urllib.parse import quote, urlsplit

from msgspec import Struct

from events.options import Format
from events.settings import InvalidSetting
from events.types import JobConverted, JobFailed
from workers.notifier.errors import Undeliverable

MAX_NAME = 100
"""Characters of a filename that a letter shows."""

NAMELESS = "your video"
"""What the video is called while its name is not known."""

_CALLED = {
    Format.MP3: "an MP3",
    Format.M4A: "an M4A file",
    Format.OPUS: "an Opus file",
    Format.OGG: "an Ogg Vorbis file",
    Format.FLAC: "a FLAC file",
    Format.WAV: "a WAV file",
}
_HIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


class Letterhead(Struct, frozen=True, kw_only=True):
    """What all letters share: who writes, and where the gateway is reached (no slash at the end)."""

    sender: Address
    public_url: str

    def message_id(self, cause_id: str) -> str:
        """Return the Message-ID (RFC 5322, 3.6.4): the same for every copy about the same event."""
        host = urlsplit(self.public_url).hostname or "tonearm"
        return f"<{cause_id}@{f'[{host}]' if ':' in host else host}>"

    def link(self, job_id: str) -> str:
        """Return where the job's audio is."""
        return f"{self.public_url}/jobs/{quote(job_id, safe='')}/audio"


def letterhead(mail_from: str, public_url: str) -> Letterhead:
    """Read the settings MAIL_FROM ("Name <address>" or an address) and PUBLIC_URL. Raises InvalidSetting."""
    name, spec = parseaddr(mail_from)
    try:
        sender = Address(display_name=name, addr_spec=spec)
    except (HeaderParseError, ValueError, IndexError):
        sender = Address()
    if not sender.username or not sender.domain:
        raise InvalidSetting("setting: MAIL_FROM is not an address such as Tonearm <tonearm@example.org>")
    parts = urlsplit(public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidSetting("setting: PUBLIC_URL is not an http(s) URL such as https://tonearm.example.org")
    return Letterhead(sender=sender, public_url=public_url.rstrip("/"))


def compose(
    ending: JobConverted | JobFailed,
    *,
    head: Letterhead,
    to: str,
    job_id: str,
    filename: str,
    cause_id: str,
    now: datetime,
) -> EmailMessage:
    """Write the letter, plain with an HTML alternative. Raises Undeliverable for an impossible address."""
    name = plain_name(filename)
    match ending:
        case JobConverted():
            subject, title = f"Your audio is ready: {name}", "Your audio is ready"
            facts = f"{_clock(ending.duration_seconds)}, {_size(ending.bytes)}"
            said = f"{name} is now {_called(ending)} ({facts})."
            link: str | None = head.link(job_id)
            sound = "MP3" if ending.format is Format.MP3 and not ending.parts else "audio"
        case JobFailed():
            subject, title = f"Your video could not be converted: {name}", "Your video could not be converted"
            said, link, sound = f"{name}: {_one_line(ending.message)}", None, ""
    message = EmailMessage(policy=SMTP)
    message["From"] = head.sender
    message["To"] = _recipient(to)
    message["Subject"] = subject
    message["Date"] = now
    message["Message-ID"] = head.message_id(cause_id)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    # Quoted-printable is 7 bit: no server has to rewrite it, and no line is too long.
    message.set_content(_text(said, link), cte="quoted-printable")
    message.add_alternative(_html(title, said, link, sound), subtype="html", cte="quoted-printable")
    return message


def _called(ending: JobConverted) -> str:
    if not ending.parts:
        return _CALLED[ending.format]
    files = "file, for its one chapter" if ending.parts == 1 else "files, one for each chapter"
    return f"a ZIP of {ending.parts} {ending.format.upper()} {files}"


def plain_name(filename: str) -> str:
    """Return the filename as it may be shown: one line, visible, at most MAX_NAME characters."""
    name = _one_line(filename)
    return (name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…") or NAMELESS


def _one_line(text: str) -> str:
    shown = (
        " " if unicodedata.category(c) in _HIDDEN or unicodedata.bidirectional(c) in _TURNING else c
        for c in text
    )
    return " ".join("".join(shown).split())


def _recipient(spec: str) -> Address:
    try:
        return Address(addr_spec=spec)
    except (HeaderParseError, ValueError, IndexError):
        raise Undeliverable("the account's address cannot be written on a mail") from None


def _text(said: str, link: str | None) -> str:
    return "\n".join(["Hello,", "", said, *(["", f"Get it here: {link}"] if link else []), "", "Tonearm", ""])


def _html(title: str, said: str, link: str | None, sound: str) -> str:
    button = f'<p><a href="{escape(link)}">Get the {sound}</a></p>\n' if link else ""
    return (
        '<!doctype html>\n<html lang="en">\n'
        f'<head><meta charset="utf-8"><title>{escape(title)}</title></head>\n'
        '<body style="font-family: sans-serif; line-height: 1.5">\n'
        f"<p>Hello,</p>\n<p>{escape(said)}</p>\n{button}<p>Tonearm</p>\n</body>\n</html>\n"
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{max(1, round(count / 1000))} kB"
