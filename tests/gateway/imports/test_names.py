"""Names and kinds of files, as sources tell them."""

import time

import pytest

from gateway.imports.names import is_media, name_of

ATTACHED = "attachment; filename="


@pytest.mark.parametrize(
    ("disposition", "paths", "name"),
    [
        (None, ["/videos/talk.mp4?token=secret"], "talk.mp4"),
        (None, ["/videos/h%C3%A4ns%20%26%20co.mp4"], "häns & co.mp4"),
        (None, ["/cdn/8f3a", "/talk.mp4"], "talk.mp4"),
        (None, ["/watch", "/"], "watch"),
        (None, ["/", ""], "video"),
        (None, ["/%2e%2e%2f%2e%2e%2fetc%2fpasswd"], "passwd"),
        (None, ["/%00%0d%0aSet-Cookie:x.mp4"], "Set-Cookie:x.mp4"),
        (ATTACHED + "talk.mp4", ["/x.mkv"], "talk.mp4"),
        (ATTACHED + '"a\\"b;c.mp4"', [], 'a"b;c.mp4'),
        (ATTACHED + "plain.mp4; filename*=UTF-8''h%C3%A4ns.mp4", [], "häns.mp4"),
        ("attachment; filename*=utf-8'de'h%C3%A4ns.mp4; filename=plain.mp4", [], "häns.mp4"),
        ("attachment; filename*=iso-8859-1''h%E4ns.mp4", [], "häns.mp4"),
        ("attachment; filename*=punycode''%41; filename=plain.mp4", [], "plain.mp4"),
        ("attachment; filename*=UTF-8''%zz%ff.mp4", [], "%zz\ufffd.mp4"),
        (ATTACHED + '"h\xc3\xa4ns.mp4"', [], "häns.mp4"),
        (ATTACHED + '"../../etc/passwd"', [], "passwd"),
        (ATTACHED + '"C:\\\\Users\\\\me\\\\talk.mp4"', [], "talk.mp4"),
        ("inline", ["/talk.mp4"], "talk.mp4"),
        (';;;=;"', ["/talk.mp4"], "talk.mp4"),
        ("attachment; filename*=a; filename*=b; filename*1*=c", ["/talk.mp4"], "talk.mp4"),
    ],
)
def test_a_file_is_named_as_its_source_names_it_else_by_its_address(
    disposition: str | None, paths: list[str], name: str
) -> None:
    assert name_of(disposition, *paths) == name


def test_a_name_of_any_length_takes_no_time() -> None:
    began = time.process_time()
    for text in (';"', "filename*1=x;", "filename*=utf-8''%", 'filename="\\'):
        name_of("attachment; " + text * 100_000, "/" + "%cc%81" * 100_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("media_type", "name", "is_taken"),
    [
        ("video/mp4", "x", True),
        ("AUDIO/FLAC; x=y", "x", True),
        ("application/octet-stream", "x", True),
        ("application/ogg", "x", True),
        ("text/plain", "talk.mts", True),
        ("application/zip", "x", False),
        ("text/plain", "readme.txt", False),
        ("text/html; charset=utf-8", "watch", False),
        ("text/html", "talk.mp4", False),
        ("image/png", "x.png", False),
        ("application/vnd.apple.mpegurl", "live.ts", False),
        ("audio/x-mpegurl", "radio.m3u", False),
        ("application/dash+xml", "x", False),
    ],
)
def test_what_calls_itself_something_else_than_sound_or_video_is_not_taken(
    media_type: str, name: str, is_taken: bool
) -> None:
    assert is_media(media_type, name) is is_taken
