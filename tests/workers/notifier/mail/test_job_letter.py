from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.options import Format
from events.types import FailureCode, JobConverted, JobFailed
from service.settings import InvalidSetting
from workers.notifier.accounts import Addressee
from workers.notifier.errors import Undeliverable
from workers.notifier.mail.job_letter import NAMELESS, compose, plain_name
from workers.notifier.mail.letterhead import letterhead
from workers.notifier.mail.mailed_links import Way

HEAD = letterhead("Tonearm <tonearm@example.org>", "https://tonearm.example.org/")
WAY = Way(HEAD.link("j-1"))
ADA = Addressee("ada@example.net", unsubscribe="tonearmu_0-1")
LEAVE = "https://tonearm.example.org/unsubscribe?token=tonearmu_0-1"
NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
CONVERTED = JobConverted(
    run=1,
    attempt=1,
    audio_id="a",
    bytes=3_210_000,
    sha256="0" * 64,
    duration_seconds=205.4,
    bit_rate=192_000,
    sample_rate=44_100,
    channels=2,
    seconds_spent=2.0,
    engine="LAME",
)
FAILED = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="The video has no audio track.")


def written(ending: JobConverted | JobFailed, *, filename: str, to: Addressee = ADA) -> EmailMessage:
    """Compose, serialise and read back, as a mailbox would."""
    letter = compose(ending, head=HEAD, to=to, way=WAY, filename=filename, cause_id="e-1", now=NOW)
    read = message_from_bytes(letter.as_bytes(policy=SMTP), policy=default)
    assert isinstance(read, EmailMessage)
    return read


def body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


class Markup(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_letter_about_audio_names_the_video_and_links_to_the_audio() -> None:
    letter = written(CONVERTED, filename="holiday.mp4")
    link = "https://tonearm.example.org/jobs/j-1/audio"
    assert letter.get_content_type() == "multipart/alternative"
    assert letter["Subject"] == "Your audio is ready: holiday.mp4"
    for kind in ("plain", "html"):
        assert "holiday.mp4 is now an MP3 (3:25, 3.2 MB)" in body(letter, kind)
        assert link in body(letter, kind)


def test_a_letter_about_a_part_says_that_it_is_one() -> None:
    letter = written(replace(CONVERTED, partial=True), filename="holiday.mp4")
    for kind in ("plain", "html"):
        assert "The video was incomplete or damaged" in body(letter, kind)
        assert "incomplete" not in body(written(CONVERTED, filename="holiday.mp4"), kind)


@pytest.mark.parametrize("format_", Format)
def test_a_letter_calls_the_audio_what_it_is(format_: Format) -> None:
    letter = written(replace(CONVERTED, format=format_), filename="holiday.mp4")
    called = {"mp3": "an MP3", "ogg": "an Ogg Vorbis file", "wav": "a WAV file"}
    for kind in ("plain", "html"):
        assert ("MP3" in body(letter, kind)) is (format_ is Format.MP3)
        assert f"is now {called.get(format_, '')}" in body(letter, kind)
        assert format_.value in body(letter, kind).lower()
    assert f">Get the {'MP3' if format_ is Format.MP3 else 'audio'}</a>" in body(letter, "html")


def test_a_letter_about_a_zip_says_how_many_files_are_in_it() -> None:
    for parts, said in (
        (12, "a ZIP of 12 FLAC files, one for each chapter (3:25"),
        (1, "a ZIP of 1 FLAC file, "),
    ):
        letter = written(replace(CONVERTED, format=Format.FLAC, parts=parts), filename="book.mp4")
        assert f"book.mp4 is now {said}" in body(letter, "plain")
        assert ">Get the audio</a>" in body(letter, "html")


def test_a_letter_about_a_failure_says_the_sentence_and_has_no_link_but_the_way_out() -> None:
    letter = written(FAILED, filename="silent.mp4")
    for kind in ("plain", "html"):
        assert "silent.mp4: The video has no audio track." in body(letter, kind)
        assert body(letter, kind).count("http") == body(letter, kind).count(LEAVE) == 1


def test_each_letter_about_a_job_shows_the_way_out_where_auth_knows_one() -> None:
    for ending in (CONVERTED, FAILED):
        letter = written(ending, filename="a.mp4")
        assert letter["List-Unsubscribe"] == f"<{LEAVE}>"
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for kind in ("plain", "html"):
            assert LEAVE in body(letter, kind)
        without = written(ending, filename="a.mp4", to=Addressee("ada@example.net"))
        assert without["List-Unsubscribe"] is without["List-Unsubscribe-Post"] is None
        assert "unsubscribe" not in str(without)


def test_the_headers_tell_machines_what_this_is() -> None:
    letter = written(CONVERTED, filename="a.mp4")
    assert letter["Message-ID"] == "<e-1@tonearm.example.org>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["From"] == "Tonearm <tonearm@example.org>"
    assert letter["To"] == "ada@example.net"
    assert letter["Date"].datetime == NOW


ANY_NAME = st.text(st.characters(exclude_categories=()), max_size=300)


@given(filename=ANY_NAME)
@example(filename="a\r\nBcc: eve@example.org\r\n\r\nhello")
@example(filename="a\u2028Bcc: eve@example.org")
@example(filename="<script>alert(1)</script>\"'&.mp4")
@example(filename="\u202e4pm.exe")
@example(filename="\ud800")
def test_no_filename_can_become_a_header_or_markup(filename: str) -> None:
    letter = written(CONVERTED, filename=filename)
    assert set(letter.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post"),
    }
    markup = Markup(body(letter, "html"))
    assert markup.tags == {"html", "head", "meta", "title", "body", "p", "a", "small"}
    assert " ".join(plain_name(filename).split()) in " ".join(markup.text.split())
    assert plain_name(filename) in body(letter, "plain")


@given(filename=ANY_NAME)
def test_a_name_is_one_short_visible_line(filename: str) -> None:
    name = plain_name(filename)
    assert 1 <= len(name) <= 100
    assert name.splitlines() == [name]
    assert name.encode()


def test_chapters_without_sound_are_told() -> None:
    ending = replace(CONVERTED, parts=3, left_out=("Credits", "Pause\n"))
    letter = written(ending, filename="talk.mp4")
    assert "Chapters without sound are left out: Credits, Pause." in body(letter, "plain")


def test_a_letter_says_how_much_shorter_pauses_save() -> None:
    letter = written(replace(CONVERTED, seconds_saved=754.4), filename="talk.mp4")
    assert "Shorter pauses make it 12:34 shorter." in body(letter, "plain")
    assert "orter" not in body(written(CONVERTED, filename="talk.mp4"), "plain")
    assert "left out" not in body(written(CONVERTED, filename="talk.mp4"), "plain")


def test_a_nameless_video_is_called_your_video() -> None:
    assert plain_name(" \n ") == NAMELESS


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: c@d", "a b@c", "<a@b>"])
def test_an_impossible_address_is_undeliverable_and_is_not_repeated(address: str) -> None:
    with pytest.raises(Undeliverable) as caught:
        compose(CONVERTED, head=HEAD, to=Addressee(address), way=WAY, filename="f", cause_id="e", now=NOW)
    assert not address or address not in str(caught.value)


@pytest.mark.parametrize(
    ("mail_from", "public_url", "name"),
    [
        ("a@b", "http://\u2488.example", "PUBLIC_URL"),
        ("", "http://a", "MAIL_FROM"),
        ("Tonearm", "http://a", "MAIL_FROM"),
        ("a@b", "a:8080", "PUBLIC_URL"),
    ],
)
def test_a_wrong_setting_is_named(mail_from: str, public_url: str, name: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        letterhead(mail_from, public_url)


@pytest.mark.parametrize(
    ("url", "host"), [("http://127.0.0.1:8080", "127.0.0.1"), ("http://[::1]:8080", "[::1]")]
)
def test_the_message_id_is_valid_for_addresses_too(url: str, host: str) -> None:
    assert letterhead("a@b", url).message_id("e") == f"<e@{host}>"
