"""What a ZIP holds, by what is known of its jobs."""

from datetime import UTC, datetime

from msgspec.structs import replace

from events.envelope import Recorded, job_event
from events.ids import new_id
from events.options import Options
from events.projections.job_view import JobView
from events.projections.jobs import fold
from events.types import JobUploaded
from gateway.handover.archive.contents import contents
from gateway.handover.archive.playlist import Track, playlist
from tests.gateway.running import STARTED, converted


def job(name: str, parts: int = 0) -> JobView:
    """A job that was converted, of a file with this name, which nobody has cleaned."""
    job_id, account = new_id(), new_id()
    begin = JobUploaded(
        filename=name, content_type="", bytes=1, sha256="", video_id=job_id, options=Options()
    )
    story = (begin, STARTED, converted(new_id(), b"sound", parts=parts))
    events = [job_event(each, job_id=job_id, account=account, source="test") for each in story]
    view = fold([Recorded(at, event) for at, event in enumerate(events)])
    assert view is not None
    return view


def test_what_only_chapters_are_in_has_no_playlist() -> None:
    assert [file.name for file in contents([job("a.mp4", parts=3)]).files] == ["a.zip"]
    assert [file.name for file in contents([job("a.mp4")]).files] == ["a.mp3", "playlist.m3u8"]


def test_the_tag_tells_zips_apart_by_all_that_is_in_them() -> None:
    one, other = job("a.mp4"), job("b.mp4")
    zips = ([one], [other], [one, other], [other, one])
    assert len({contents(each).version.etag for each in zips}) == len(zips)


def test_the_tag_stays_when_a_checksum_becomes_known() -> None:
    view = job("a.mp4")
    assert view.audio is not None
    before = replace(view, audio=replace(view.audio, crc32=None))
    assert contents([before]).version == contents([view]).version


def test_no_name_of_a_file_writes_a_line_into_the_playlist() -> None:
    hostile = "#EXTINF:9,x\r\nhttp://evil.example/\u2028\u202e.mp4"
    view = job(hostile)
    [audio, beside] = contents([view]).files
    lines = beside.text.decode().split("\n")
    assert len(lines) == 4
    assert lines[1].startswith("#EXTINF:2,#EXTINF:9,x ")
    assert lines[2] == f"./{audio.name}"
    assert beside.text.decode().splitlines() == lines[:-1], "nothing else ends a line"
    assert playlist([Track("a.mp3", "", 0.4)]) == b"#EXTM3U\n#EXTINF:0,\na.mp3\n"


def test_the_newest_file_tells_when_the_zip_has_changed() -> None:
    view = job("a.mp4")
    assert view.audio is not None
    later = datetime(2030, 1, 2, tzinfo=UTC)
    newer = replace(view, audio=replace(view.audio, time=later))
    assert contents([view, newer]).version.modified == later
