import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.settings import InvalidSetting
from tests.workers.notifier.servers import Catcher, serving
from workers.notifier.errors import MailDelayed, Undeliverable
from workers.notifier.mail.smtp import Mailer, without_address
from workers.notifier.mail.smtp_url import SmtpServer, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://127.0.0.1:1025", SmtpServer(host="127.0.0.1", port=1025, tls="auto")),
        ("smtp://mail.example.org", SmtpServer(host="mail.example.org", port=25, tls="auto")),
        ("smtp://[::1]:2525?starttls=never", SmtpServer(host="::1", port=2525, tls="never")),
        (
            "smtp://you%40gmail.com:abcdefghijklmnop@smtp.gmail.com:587?starttls=always",
            SmtpServer(
                host="smtp.gmail.com",
                port=587,
                tls="always",
                user="you@gmail.com",
                password="abcdefghijklmnop",
            ),
        ),
        ("smtp://u:p%2F%3A%20w@h", SmtpServer(host="h", port=587, tls="always", user="u", password="p/: w")),
        ("smtps://u:p@h", SmtpServer(host="h", port=465, tls="implicit", user="u", password="p")),
    ],
)
def test_a_url_becomes_a_server(url: str, expected: SmtpServer) -> None:
    assert parse_smtp_url(url) == expected


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("mail.example.org:25", "neither smtp:// nor smtps://"),
        ("http://h", "neither smtp:// nor smtps://"),
        ("smtp://", "not of the form"),
        ("smtp://h/path", "not of the form"),
        ("smtp://h:99999", "port"),
        ("smtp://h:port", "port"),
        ("smtp://user@h", "without a password"),
        ("smtp://u:hunter2@h?starttls=maybe", "none of always, auto, never"),
        ("smtp://u:hunter2@h?tls=yes", "unknown option 'tls'"),
        ("smtp://u:1?hunter2@h", "in its password"),
        ("smtp://u:1#hunter2@h", "in its password"),
        ("smtps://u:hunter2@h?starttls=always", "leave starttls away"),
    ],
)
def test_a_wrong_url_is_explained_without_its_password(url: str, complaint: str) -> None:
    with pytest.raises(InvalidSetting, match=complaint) as caught:
        parse_smtp_url(url)
    assert "SMTP_URL" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_password_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(parse_smtp_url("smtp://u:hunter2@h"))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("550 5.1.1 <ada@example.org>: Recipient address rejected", "ada@example.org"),
        ("550 5.1.1 Ada@Example.Org\nuser ADA unknown at example.org", "ada@example.org"),
        ("550 see https://mail.example/why?who=ada%40example.org", "ada@example.org"),
        ("450 greylisted, ada+tag, try later", "ada+tag@example.org"),
        ("550 " + "x" * 1000, "ada@example.org"),
    ],
)
def test_what_a_server_says_is_kept_without_the_address(text: str, address: str) -> None:
    said = without_address(text, address)
    assert said.startswith(text[:3])
    assert len(said) <= 200
    for part in (*address.split("@"), "\n"):
        assert part not in said.lower()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself; certificate and key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.fixture
def starttls(catcher: Catcher, certificate: Path) -> Iterator[Controller]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    signing_in = {"authenticator": catcher.authenticate, "auth_required": True}
    with serving(catcher, tls_context=context, require_starttls=True, **signing_in) as controller:
        yield controller


def url_of(controller: Controller, userinfo: str = "", options: str = "") -> str:
    return f"smtp://{userinfo}127.0.0.1:{controller.port}{options}"


def letter(to: str = "ada@example.net") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "tonearm@example.org", to, "Hello"
    message.set_content("Grüße")
    return message


async def deliver(mailer: Mailer, message: EmailMessage) -> None:
    async with mailer.connected() as hand_over:
        await hand_over(message)


async def test_a_mail_is_accepted_by_a_plain_server(plain: Controller, catcher: Catcher) -> None:
    await deliver(Mailer(parse_smtp_url(url_of(plain))), letter())
    assert b"Subject: Hello" in catcher.kept[0]


@pytest.mark.parametrize("option", ["always", "auto"])
async def test_a_mail_and_the_password_travel_under_starttls(
    starttls: Controller, catcher: Catcher, certificate: Path, option: str
) -> None:
    trust = ssl.create_default_context(cafile=str(certificate))
    server = parse_smtp_url(url_of(starttls, "you%40gmail.com:right@", f"?starttls={option}"))
    await deliver(Mailer(server, trust=trust), letter())
    assert catcher.signed_in == [b"you@gmail.com"]
    assert catcher.over_tls == [True]


async def test_a_server_with_an_untrusted_certificate_gets_no_password(
    starttls: Controller, catcher: Catcher
) -> None:
    with pytest.raises(MailDelayed, match="cannot be used"):
        await deliver(Mailer(parse_smtp_url(url_of(starttls, "u:right@"))), letter())
    assert catcher.signed_in == []


async def test_a_server_without_starttls_gets_nothing_when_it_is_wanted(
    plain: Controller, catcher: Catcher
) -> None:
    with pytest.raises(MailDelayed, match="STARTTLS"):
        await deliver(Mailer(parse_smtp_url(url_of(plain, options="?starttls=always"))), letter())
    assert catcher.kept == []


async def test_a_wrong_password_is_trouble_of_ours_and_tried_again(
    starttls: Controller, certificate: Path
) -> None:
    trust = ssl.create_default_context(cafile=str(certificate))
    with pytest.raises(MailDelayed, match="535"):
        await deliver(Mailer(parse_smtp_url(url_of(starttls, "u:wrong@")), trust=trust), letter())


async def test_a_missing_password_is_trouble_of_ours_and_tried_again(
    starttls: Controller, certificate: Path
) -> None:
    trust = ssl.create_default_context(cafile=str(certificate))
    with pytest.raises(MailDelayed, match="530"):
        await deliver(Mailer(parse_smtp_url(url_of(starttls)), trust=trust), letter())


async def test_a_temporary_refusal_is_for_later(plain: Controller) -> None:
    with pytest.raises(MailDelayed, match="451") as caught:
        await deliver(Mailer(parse_smtp_url(url_of(plain))), letter("tempfail-1@example.net"))
    assert "example.net" not in str(caught.value)


@pytest.mark.parametrize(("to", "code"), [("permfail@example.net", "550"), ("toolarge@example.net", "552")])
async def test_a_permanent_refusal_is_for_good_and_names_nobody(
    plain: Controller, to: str, code: str
) -> None:
    with pytest.raises(Undeliverable, match=code) as caught:
        await deliver(Mailer(parse_smtp_url(url_of(plain))), letter(to))
    assert "example.net" not in str(caught.value)
    assert caught.value.__suppress_context__, "the driver's error holds the address and would be logged"


async def test_an_absent_server_is_for_later() -> None:
    with pytest.raises(MailDelayed, match="cannot be used"):
        await deliver(Mailer(parse_smtp_url("smtp://127.0.0.1:1")), letter())


async def test_a_silent_server_is_for_later_within_the_timeout(silent: int) -> None:
    with pytest.raises(MailDelayed, match=r"[Tt]imed out"):
        await deliver(Mailer(parse_smtp_url(f"smtp://127.0.0.1:{silent}"), timeout=0.2), letter())


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
