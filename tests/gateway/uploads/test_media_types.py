"""What a sender says of a file's type is in the log for good, so it has to be a type."""

import pytest

from gateway.uploads.media_types import ANY, media_type


@pytest.mark.parametrize(
    "told",
    [
        "video/mp4",
        "Video/X-Matroska",
        "video/webm;codecs=vp8,opus",
        'video/webm; codecs="vp8, opus"',
        "a/b; ",
    ],
)
def test_a_media_type_is_taken_as_it_is(told: str) -> None:
    assert media_type(f" {told}") == told.strip()


@pytest.mark.parametrize(
    "told",
    [
        None, "", "video", "video/", "video/mp4/x", "video/mp4\n", "video/mp4\r\nX: y", "video/mp4\0",
        "video/mp4\u202e", "vidéo/mp4", 'a/b; c="\u202e"', 'a/b; c="\t"', "<b>/x>y", "a/" + "b" * 99,
        "a/b" + "; " * 48 + "é",
    ],
)  # fmt: skip
def test_anything_else_is_a_file_of_any_bytes(told: str | None) -> None:
    assert media_type(told) == ANY
