"""`tonearm probe`, as it is called, on real files."""

import os
from pathlib import Path

import msgspec
import pytest
from media import CENC, H264, SOUND, ffmpeg, tone

from cli.exits import Exit
from cli.main import main
from cli.media import rows
from events.media import Chapter, Media, Tag

CASES = Path(__file__).parents[1] / "workers/converter/cases"
MARKS = ";FFMETADATA1\ntitle=A walk\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=One\x1b[31m\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    (folder / "marks").write_text(MARKS)
    path = folder / "film.mkv"
    second = ["-i", str(folder / "marks"), "-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3"]
    languages = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"]
    ffmpeg(*SOUND, *tone(2000), *second, *languages, *H264, "-c:a:0", "aac", "-c:a:1", "libopus", str(path))
    return path


def test_from_an_hour_on_hours_are_told():
    media = Media(
        container="ogg", duration_seconds=3604.1, chapters=(Chapter(start=59.6, end=7325, title="Two"),)
    )
    assert list(rows(media, 999)) == [
        ("container", "ogg, 1:00:04, 999 bytes"),
        ("chapter", "1:00 to 2:02:05  Two"),
    ]


def test_a_person_sees_what_is_in_a_file(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", str(film)]) == Exit.OK
    shown = capsys.readouterr()
    assert shown.err == ""
    for said in (
        "matroska,webm, 0:03",
        "aac, LC, 44100 Hz, mono, ",
        "eng",
        "opus, 48000 Hz",
        "ger",
        "h264, 176x144",
    ):
        assert said in shown.out
    assert "0:00 to 0:02  One" in shown.out
    assert "A walk" in shown.out
    assert "\x1b" not in shown.out


def test_a_program_gets_what_the_gateway_would_answer(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", str(film), "--json"]) == Exit.OK
    media = msgspec.json.decode(capsys.readouterr().out, type=Media)
    assert (media.container, media.duration_seconds) == ("matroska,webm", pytest.approx(3, abs=0.1))
    assert [(track.codec, track.language) for track in media.tracks] == [("aac", "eng"), ("opus", "ger")]
    (chapter,) = media.chapters
    assert (chapter.start, chapter.end, chapter.title[:3]) == (0, 2, "One")
    assert chapter.title.isprintable()
    assert Tag("title", "A walk") in media.tags


@pytest.mark.parametrize("name", ["A15.mkv", "A15_gopro.mp4"])
def test_where_and_with_what_it_was_recorded_is_not_told(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in ([], ["--json"]):
        assert main(["probe", str(CASES / name), *arguments]) == Exit.OK
        told = capsys.readouterr().out
        assert not any(each in told for each in ("Dorf", "47.1", "PhoneX", "CamZ", "HD9", "GoPro", "Home"))


def test_what_would_be_refused_is_told_before_it_is_uploaded(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent, locked, half = tmp_path / "silent.mkv", tmp_path / "locked.mp4", tmp_path / "half.mkv"
    ffmpeg("-i", str(film), "-an", "-c", "copy", str(silent))
    ffmpeg(*SOUND, *H264, "-c:a", "aac", *CENC, str(locked))
    half.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    for file, code in ((silent, "no_audio"), (locked, "encrypted"), (half, "partial=false")):
        assert main(["probe", str(file)]) == Exit.OK
        assert code in capsys.readouterr().err


def test_what_is_no_media_or_no_file_has_codes_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, fifo = tmp_path / "diary.mp4", tmp_path / "fifo.mp4"
    text.write_text("Dear diary,\n" * 100)
    os.mkfifo(fifo)
    assert main(["probe", str(text)]) == Exit.DATAERR
    assert "(not_media)" in capsys.readouterr().err
    assert (
        main(["probe", str(tmp_path / "missing.mp4")])
        == main(["probe", str(tmp_path)])
        == main(["probe", str(fifo)])
        == Exit.NOINPUT
    )
    monkeypatch.setenv("FFMPEG", str(tmp_path / "missing"))
    assert main(["probe", str(text)]) == Exit.UNAVAILABLE
