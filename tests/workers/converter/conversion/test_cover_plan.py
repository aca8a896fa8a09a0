import pytest

from events.media import Media, Picture
from events.options import Cover, Options
from workers.converter.conversion.cover_plan import cover_plan

FILM = Media(
    container="mov",
    duration_seconds=100,
    pictures=(Picture(codec="mjpeg", cover=True), Picture(codec="h264")),
)


def test_the_files_own_cover_is_copied_and_a_frame_is_decoded() -> None:
    kept, frame = (cover_plan(Options(cover=each), FILM) for each in (Cover.KEEP, Cover.FRAME))
    assert kept is not None
    assert frame is not None
    assert (kept.output[:2], "copy" in kept.output, kept.pictures) == (("-map", "0:v:0"), True, False)
    assert (frame.output[:2], "mjpeg" in frame.output, frame.pictures) == (("-map", "0:v:1"), True, True)


@pytest.mark.parametrize(
    ("cover", "picture"),
    [
        (Cover.NONE, Picture(codec="h264")),
        (Cover.KEEP, Picture(codec="h264")),
        (Cover.KEEP, Picture(codec="bmp", cover=True)),
        (Cover.FRAME, Picture(codec="magicyuv")),
        (Cover.FRAME, Picture(codec="png", cover=True)),
    ],
)
def test_nothing_is_taken_that_was_not_asked_for_or_that_we_do_not_open(
    cover: Cover, picture: Picture
) -> None:
    assert cover_plan(Options(cover=cover), Media(container="mov", pictures=(picture,))) is None


@pytest.mark.parametrize(
    ("asked", "second"),
    [
        ({}, 10),
        ({"start": 40}, 46),
        ({"start": 40, "end": 60}, 42),
        ({"cover_at": 7}, 7),
        ({"start": 200}, 200),
    ],
)
def test_the_frame_is_of_the_part_that_is_converted(asked: dict[str, float], second: float) -> None:
    frame = cover_plan(Options(cover=Cover.FRAME, **asked), FILM)  # type: ignore[arg-type]
    assert frame is not None
    assert float(frame.input[frame.input.index("-ss") + 1]) == second
