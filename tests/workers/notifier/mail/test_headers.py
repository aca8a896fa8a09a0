"""Every subject, and every sender's name, arrives as it was written, by a real SMTP server."""

import asyncio
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.workers.notifier.servers import Catcher, serving
from workers.notifier.errors import Undeliverable
from workers.notifier.mail.job_letter import plain_name
from workers.notifier.mail.letterhead import Letterhead, Link, Words, letterhead, mail
from workers.notifier.mail.smtp import Mailer
from workers.notifier.mail.smtp_url import parse_smtp_url

HEAD = letterhead("Tonearm <tonearm@example.org>", "https://tonearm.example.org")
TITLES = st.text(
    st.one_of(
        st.sampled_from("\u00e9\u00fc\u0301\u0159 \u05d0\u0634\u65e5\U0001f44d\U0001f3fd\u200d\u200c=?_"),
        st.characters(),
    ),
    min_size=1,
    max_size=150,
)
HEADERS = re.compile(rb"\A(.*?)\r\n\r\n", re.DOTALL)
WORD = re.compile(rb"=\?[^?\s]+\?[bq]\?[^?\s]*\?=")


def written(subject: str, *, head: Letterhead = HEAD, to: str = "ada@example.net") -> EmailMessage:
    words = Words(subject=subject, title="Hello", said="Hello")
    return mail(words, head=head, to=to, cause_id="e-1", now=datetime(2026, 1, 2, tzinfo=UTC))


async def arrived(port: int, catcher: Catcher, *messages: EmailMessage) -> list[bytes]:
    """Send the mails; what the server took."""
    catcher.kept.clear()
    async with Mailer(parse_smtp_url(f"smtp://127.0.0.1:{port}")).connected() as deliver:
        for message in messages:
            await deliver(message)
    return list(catcher.kept)


def decoded(raw: bytes, name: str) -> str:
    """The header as a decoder of RFC 2047 reads it that has nothing to do with what wrote it."""
    return str(make_header(decode_header(message_from_bytes(raw)[name])))


def check_lines(raw: bytes) -> None:
    head = HEADERS.match(raw)
    assert head
    assert head[1].isascii()
    assert max(map(len, head[1].split(b"\r\n"))) <= 78
    assert max(map(len, WORD.findall(head[1])), default=0) <= 75


@given(title=TITLES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("\u0301\u00df\u0440\u00ea\u672c\u05dd\u65e5. z\u00e8\u672c\u00e4 \u05d5_a" * 3)
@example("\u00e9\u00e8 \u00ea\u00eb" * 25)
@example("=?utf-8?q?hello?=")
@example("a" * 100)
@example("word " * 20)
@example("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20)
def test_every_subject_decodes_to_itself(plain: Controller, catcher: Catcher, title: str) -> None:
    subject = f"Your audio is ready: {plain_name(title)}"
    (raw,) = asyncio.run(arrived(plain.port, catcher, written(subject)))
    check_lines(raw)
    assert decoded(raw, "Subject") == subject
    assert str(message_from_bytes(raw, policy=default)["Subject"]) == subject


@pytest.mark.parametrize(
    "name",
    ["Tonearm", "T\u00f6n\u00e9arm f\u00fcr Grandm\u00e8re", "\u97f3" * 60, "a" * 70, 'Say "hi", (all)'],
    ids=["ascii", "accents", "long", "one long word", "signs"],
)
def test_every_senders_name_decodes_to_itself(plain: Controller, catcher: Catcher, name: str) -> None:
    spec = name.replace('"', '\\"')
    head = letterhead(f'"{spec}" <tonearm@b\u00fccher.example>', "https://b\u00fccher.example")
    (raw,) = asyncio.run(arrived(plain.port, catcher, written("Hello", head=head)))
    check_lines(raw)
    phrase, spec = parseaddr(message_from_bytes(raw)["From"])
    assert (str(make_header(decode_header(phrase))), spec) == (name, "tonearm@xn--bcher-kva.example")
    assert b"Message-ID: <e-1@xn--bcher-kva.example>" in raw


@pytest.mark.parametrize("host", ["tonearm.example.org", "b\u00fccher.example:8443", "a." * 60 + "example"])
async def test_the_way_out_of_mails_arrives_in_one_line_of_ascii(
    plain: Controller, catcher: Catcher, host: str
) -> None:
    """Folded or encoded, mail programs could not follow it, and some servers would break its signature."""
    head = letterhead("tonearm@example.org", f"https://{host}")
    url = head.page("/unsubscribe", "tonearmu_0199a1b2-0000-7000-8000-0000000000aa_" + "0" * 32)
    leave = Link(url=url, here="Leave", button="Leave")
    words = Words(subject="Hello", title="Hello", said="Hello", leave=leave)
    letter = mail(
        words, head=head, to="ada@example.net", cause_id="e-1", now=datetime(2026, 1, 2, tzinfo=UTC)
    )
    (raw,) = await arrived(plain.port, catcher, letter)
    shown = url.replace("b\u00fccher", "xn--bcher-kva")
    assert f"\r\nList-Unsubscribe: <{shown}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


async def test_a_domain_with_letters_of_its_own_needs_no_server_for_utf_8(catcher: Catcher) -> None:
    to: list[Any] = ["ann@b\u00fccher.example", "ann@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444"]
    with serving(catcher, enable_SMTPUTF8=False) as server:
        for email, known in zip(to, ("xn--bcher-kva.example", "xn--e1afmkfd.xn--p1ai"), strict=True):
            (raw,) = await arrived(server.port, catcher, written("Hello", to=email))
            assert f"To: ann@{known}\r\n".encode() in raw
        with pytest.raises(Undeliverable):
            await arrived(server.port, catcher, written("Hello", to="r\u00e9n\u00e9@example.net"))
    with serving(catcher, enable_SMTPUTF8=True) as server:
        letter = written("Gr\u00fc\u00dfe", to="r\u00e9n\u00e9@b\u00fccher.example")
        (raw,) = await arrived(server.port, catcher, letter)
    assert "To: r\u00e9n\u00e9@xn--bcher-kva.example\r\n".encode() in raw
    assert decoded(raw, "Subject") == "Gr\u00fc\u00dfe"
