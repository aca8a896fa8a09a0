"""Uploads of the command line, on bad roads: what has come is not sent again."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.client import contents, patience
from cli.client.errors import ClientError, RequestRefused, SourceChanged, Unreachable
from cli.client.gateway import Gateway
from cli.client.unfinished import Unfinished
from service.known_problems import QUOTA_EXCEEDED, TOO_LARGE
from service.problems import Kind
from tests.cli import gateways
from tests.cli.gateways import EMAIL, PASSWORD

VIDEO = bytes(range(256)) * 4000


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "Ferien 100% &?#.mp4"
    path.write_bytes(VIDEO)
    return path


@pytest.fixture
def gateway(server: gateways.Gateway, tmp_path: Path) -> Iterator[Gateway]:
    """Somebody who remembers uploads."""
    with Gateway(server.url, unfinished=Unfinished(tmp_path / "uploads")) as client:
        client.sign_in(EMAIL, lambda: PASSWORD)
        yield client


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.1)


def nothing(_: int) -> None:
    pass


def remembered(tmp_path: Path) -> list[str]:
    return [file.name for file in tmp_path.joinpath("uploads").iterdir()]


def test_an_upload_that_breaks_off_goes_on_with_the_first_byte_that_is_missing(
    gateway: Gateway, server: gateways.Gateway, video: Path, tmp_path: Path
) -> None:
    server.upload_breaks = [300_000, 400_000]
    counts: list[int] = []
    assert gateway.upload(video, counts.append, {"format": "opus", "title": "Straße"}) == "j-1"
    assert server.offsets == [0, 300_000, 700_000]
    assert {300_000, 700_000} < set(counts)
    assert counts[-1] == len(VIDEO)
    assert server.uploads == [(video.name, VIDEO, "video/mp4")]
    assert server.wishes == [{"format": "opus", "title": "Straße"}]
    assert remembered(tmp_path) == []


def test_the_same_upload_later_goes_on_and_another_one_begins(
    gateway: Gateway, server: gateways.Gateway, video: Path, impatient: None
) -> None:
    server.upload_breaks = [300_000] + [0] * 9
    with pytest.raises(Unreachable, match="the same command goes on where this one ended"):
        gateway.upload(video, nothing)
    server.upload_breaks, server.offsets = [], []
    assert gateway.upload(video, nothing) == "j-1"
    assert server.offsets == [300_000]
    assert server.uploads == [(video.name, VIDEO, "video/mp4")]

    server.offsets = []
    gateway.upload(video, nothing)
    assert server.offsets == [0], "it has ended, so the next is another"


def test_an_upload_that_moves_on_is_not_given_up(
    gateway: Gateway, server: gateways.Gateway, video: Path, impatient: None
) -> None:
    server.upload_breaks = [100_000] * 3
    assert gateway.upload(video, nothing) == "j-1"
    assert server.offsets == [0, 100_000, 200_000, 300_000]


class Ended(BaseException):
    """Something ends the command."""


def test_an_upload_whose_command_is_ended_goes_on_when_it_is_typed_again(
    gateway: Gateway, server: gateways.Gateway, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "PIECE", 300_000)

    def end(done: int) -> None:
        if done > 600_000:
            raise Ended

    with pytest.raises(Ended):
        gateway.upload(video, end)
    server.offsets = []
    assert gateway.upload(video, nothing) == "j-1"
    assert min(server.offsets) >= 600_000
    assert server.uploads == [(video.name, VIDEO, "video/mp4")]


@pytest.mark.parametrize("change", ["options", "bytes"])
def test_an_upload_of_something_else_begins_anew(
    gateway: Gateway, server: gateways.Gateway, video: Path, impatient: None, change: str
) -> None:
    server.upload_breaks = [300_000] + [0] * 9
    with pytest.raises(Unreachable):
        gateway.upload(video, nothing)
    server.upload_breaks, server.offsets = [], []
    if change == "bytes":
        video.write_bytes(VIDEO[::-1])
    gateway.upload(video, nothing, {"format": "flac"} if change == "options" else {})
    assert server.offsets == [0]
    assert server.uploads[0][1] == video.read_bytes()


def test_an_upload_that_the_gateway_has_lost_begins_anew(
    gateway: Gateway, server: gateways.Gateway, video: Path, impatient: None
) -> None:
    server.upload_breaks = [300_000] + [0] * 9
    with pytest.raises(Unreachable):
        gateway.upload(video, nothing)
    server.upload_breaks, server.offsets, server.arriving = [], [], None
    assert gateway.upload(video, nothing) == "j-1"
    assert server.offsets == [0]


@pytest.mark.parametrize("told", [0, 10**12])
def test_an_offset_that_cannot_be_ends_the_upload(
    gateway: Gateway, server: gateways.Gateway, video: Path, told: int
) -> None:
    server.tells_offset = told
    with pytest.raises(ClientError, match="which cannot be"):
        gateway.upload(video, nothing)
    server.tells_offset = 10**12
    server.upload_breaks = [1000]
    with pytest.raises(ClientError, match="more bytes than the file"):
        gateway.upload(video, nothing)


def test_two_at_once_do_not_take_each_others_place(
    gateway: Gateway, server: gateways.Gateway, video: Path, tmp_path: Path
) -> None:
    """The second has an upload of its own, and the first is still remembered."""
    names = server.url, EMAIL, "a video"
    unfinished = Unfinished(tmp_path / "uploads")
    with unfinished.note(*names) as first, unfinished.note(*names) as second:
        first.write("one")
        second.write("two")
        assert (first.read(), second.read()) == ("one", "")
    with unfinished.note(*names) as third:
        assert third.read() == "one"


@pytest.mark.parametrize("found", [b"", b"../../jobs", b"\xff", b"a\nb", b"a" * 10_000])
def test_a_note_that_was_damaged_is_none(
    gateway: Gateway, server: gateways.Gateway, video: Path, tmp_path: Path, found: bytes, impatient: None
) -> None:
    server.upload_breaks = [300_000] + [0] * 9
    with pytest.raises(Unreachable):
        gateway.upload(video, nothing)
    server.upload_breaks = []
    [note] = (file for file in tmp_path.joinpath("uploads").iterdir() if file.suffix != ".lock")
    note.write_bytes(found)
    assert gateway.upload(video, nothing) == "j-1"


def test_a_disk_that_remembers_nothing_ends_no_upload(
    server: gateways.Gateway, video: Path, tmp_path: Path
) -> None:
    tmp_path.joinpath("file").touch()
    with Gateway(server.url, unfinished=Unfinished(tmp_path / "file" / "uploads")) as client:
        client.sign_in(EMAIL, lambda: PASSWORD)
        assert client.upload(video, nothing) == "j-1"


def test_a_token_that_runs_out_on_the_way_costs_nothing(
    gateway: Gateway, server: gateways.Gateway, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "PIECE", 300_000)

    ends = {300_000, 600_000}

    def run_out(done: int) -> None:
        if done in ends:
            ends.remove(done)
            server.expire_tokens()

    assert gateway.upload(video, run_out) == "j-1"
    assert server.offsets == [0, 300_000, 600_000, 900_000]
    assert server.uploads == [(video.name, VIDEO, "video/mp4")]
    assert server.sign_ins == 1


def test_a_file_that_something_writes_to_leaves_nothing_at_the_gateway(
    gateway: Gateway, server: gateways.Gateway, video: Path, tmp_path: Path
) -> None:
    def write(done: int) -> None:
        if done:
            video.write_bytes(b"another")

    with pytest.raises(SourceChanged):
        gateway.upload(video, write)
    assert server.arriving is None
    assert remembered(tmp_path) == []


@pytest.mark.parametrize("refused", [TOO_LARGE, QUOTA_EXCEEDED])
def test_an_upload_that_is_refused_is_told_at_once(
    gateway: Gateway, server: gateways.Gateway, video: Path, tmp_path: Path, refused: Kind
) -> None:
    server.upload_refused = refused
    with pytest.raises(RequestRefused) as caught:
        gateway.upload(video, nothing)
    assert caught.value.status == refused.status
    assert len(server.creations) == 1
    assert remembered(tmp_path) == []


@pytest.mark.parametrize("size", [0, 1, 300_000, 300_001, 900_000, len(VIDEO)])
def test_a_stream_goes_up_whole_though_the_connection_breaks(
    gateway: Gateway, server: gateways.Gateway, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(contents, "KEPT", 300_000)
    server.upload_breaks = [size // 2, 0]
    assert gateway.upload_stream("video", io.BytesIO(VIDEO[:size]), nothing) == "j-1"
    assert server.uploads == [("video", VIDEO[:size], "application/octet-stream")]


def test_a_stream_that_waits_for_its_writer_is_sent_in_full_pieces(
    gateway: Gateway, server: gateways.Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe gives what it has, and that is no end."""

    class Slow(io.RawIOBase):
        def __init__(self) -> None:
            self.left = VIDEO[:700_000]

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            some, self.left = self.left[: min(size, 1000)], self.left[min(size, 1000) :]
            return some

    monkeypatch.setattr(contents, "KEPT", 300_000)
    assert gateway.upload_stream("talk.mkv", Slow(), nothing) == "j-1"  # type: ignore[arg-type]
    assert server.offsets == [0, 300_000, 600_000]
    assert server.uploads == [("talk.mkv", VIDEO[:700_000], "video/x-matroska")]


def test_a_stream_that_cannot_be_gone_on_with_is_taken_back(
    gateway: Gateway, server: gateways.Gateway, impatient: None
) -> None:
    server.upload_breaks = [1000] + [0] * 9
    with pytest.raises(Unreachable) as caught:
        gateway.upload_stream("video", io.BytesIO(VIDEO), nothing)
    assert "same command" not in str(caught.value)
    assert server.arriving is None


def test_a_gateway_that_comes_back_in_time_is_waited_for(
    gateway: Gateway, server: gateways.Gateway, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        server.away = sum(waited) < 1.0

    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))
    server.away = True
    assert gateway.upload(video, nothing) == "j-1"
    assert server.turned_away == len(waited)
    assert sum(waited) < 10
