import errno
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.client import patience, placing
from cli.client.download import download
from cli.client.errors import DownloadDamaged, RequestRefused, SignInRefused, Unreachable
from cli.client.gateway import Gateway
from cli.client.sessions import Kept
from service.known_problems import TOO_LARGE
from tests.cli import gateways
from tests.cli.gateways import EMAIL, PASSWORD


@pytest.fixture
def gateway(server: gateways.Gateway) -> Iterator[Gateway]:
    with Gateway(server.url) as client:
        client.sign_in(EMAIL, lambda: PASSWORD)
        yield client


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "Ferien 100% &?#.mp4"
    path.write_bytes(b"video" * 200_000)
    return path


def fetch(gateway: Gateway, server: gateways.Gateway, target: Path) -> list[int]:
    server.settled.set()
    counts: list[int] = []
    download(gateway, gateway.job("j-1"), target, counts.append, lambda: True)
    return counts


def test_a_wrong_password_is_told_in_the_gateways_words(server: gateways.Gateway) -> None:
    with (
        Gateway(server.url) as client,
        pytest.raises(SignInRefused, match="address or password is wrong"),
    ):
        client.sign_in(EMAIL, lambda: "wrong")


def test_a_file_goes_up_whole_under_its_name_and_is_counted(
    gateway: Gateway, server: gateways.Gateway, video: Path
) -> None:
    counts: list[int] = []
    assert gateway.upload(video, counts.append) == "j-1"
    [(name, body, _)] = server.uploads
    assert (name, body) == (video.name, video.read_bytes())
    assert counts[0] == 0
    assert counts[-1] == len(body)
    assert all(a < b for a, b in pairwise(counts))


def test_an_upload_that_is_refused_is_told_in_the_gateways_words(
    gateway: Gateway, server: gateways.Gateway, video: Path
) -> None:
    server.upload_refused = TOO_LARGE
    with pytest.raises(RequestRefused, match=re.escape(TOO_LARGE.meaning.rstrip("."))) as caught:
        gateway.upload(video, lambda _: None)
    assert caught.value.status == 413


def test_a_token_that_runs_out_is_renewed_without_the_password(
    gateway: Gateway, server: gateways.Gateway
) -> None:
    for _ in range(2):
        server.expire_tokens()
        assert gateway.job("j-1").state == "uploaded"
    assert server.refreshes == [("/refresh", "refresh"), ("/refresh", "refresh+")]
    assert server.sign_ins == 1


def test_a_refresh_whose_answer_is_lost_costs_no_session(gateway: Gateway, server: gateways.Gateway) -> None:
    server.refresh_breaks = 1
    server.expire_tokens()
    assert gateway.job("j-1").state == "uploaded"
    assert server.refreshes == [("/refresh", "refresh"), ("/refresh", "refresh")]
    assert server.sign_ins == 1


def test_a_session_that_was_ended_elsewhere_is_begun_again_and_ended_when_done(
    server: gateways.Gateway,
) -> None:
    with Gateway(server.url) as client:
        client.sign_in(EMAIL, lambda: PASSWORD)
        server.refresh = "another"
        server.expire_tokens()
        assert client.job("j-1").state == "uploaded"
    assert server.sign_ins == 2
    assert server.refreshes == [("/refresh", "refresh"), ("/logout", "another")]


def test_following_goes_on_after_a_break_and_ends_with_the_job(
    gateway: Gateway, server: gateways.Gateway
) -> None:
    server.stream_breaks = 1
    seen = [message.type for message in gateway.follow("j-1")]
    assert server.last_event_ids == [None, "1"]
    assert seen == [
        *("connected", "job.uploaded", "progress"),
        *("connected", "job.uploaded", "progress", "job.started", "job.converted", "end"),
    ]


def test_following_a_job_that_was_silent_for_long_goes_on_after_a_break(
    gateway: Gateway, server: gateways.Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pause(_: float) -> None:
        server.away = not server.turned_away

    hours = count(step=3600)
    for module in ("gateway", "patience"):
        clock = SimpleNamespace(monotonic=lambda: next(hours), sleep=pause)
        monkeypatch.setattr(f"cli.client.{module}.time", clock)
    server.stream_breaks = 1
    assert [message.type for message in gateway.follow("j-1")][-1] == "end"
    assert server.turned_away == 1


def test_following_a_job_that_is_not_there_says_so(gateway: Gateway) -> None:
    with pytest.raises(RequestRefused, match="no such job"):
        next(gateway.follow("j-2"))


def test_a_download_replaces_the_target_whole(
    gateway: Gateway, server: gateways.Gateway, tmp_path: Path
) -> None:
    target = tmp_path / "a.mp3"
    target.write_bytes(b"old")
    counts = fetch(gateway, server, target)
    assert target.read_bytes() == server.audio
    assert counts[-1] == len(server.audio)
    assert list(tmp_path.iterdir()) == [target]


def test_a_download_removes_what_killed_ones_left(
    gateway: Gateway, server: gateways.Gateway, tmp_path: Path
) -> None:
    old, new = (f".01a2b3c4-0000-7000-8000-0123456789ab.{n}234abcd.part" for n in "12")
    for name in (old, new, ".mine.part"):
        (tmp_path / name).write_bytes(b"sound")
    for name in (old, ".mine.part"):
        os.utime(tmp_path / name, (0, 0))
    fetch(gateway, server, tmp_path / "a.mp3")
    assert {each.name for each in tmp_path.iterdir()} == {new, ".mine.part", "a.mp3"}


def test_a_download_takes_the_place_of_a_link_that_leads_nowhere(
    gateway: Gateway, server: gateways.Gateway, tmp_path: Path
) -> None:
    server.settled.set()
    (target := tmp_path / "a.mp3").symlink_to("nowhere")
    download(gateway, gateway.job("j-1"), target, lambda _: None, lambda: False)
    assert target.read_bytes() == server.audio


@pytest.mark.parametrize("came", ["the same", "another"])
def test_a_file_that_comes_in_the_last_moment_is_looked_at_and_never_lost(
    gateway: Gateway, server: gateways.Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, came: str
) -> None:
    server.settled.set()
    theirs = server.audio if came == "the same" else b"mine"

    def late(file: Path, target: Path) -> None:
        target.write_bytes(theirs)
        placing.place(file, target)

    monkeypatch.setattr("cli.client.download.place", late)
    target = tmp_path / "a.mp3"

    def bring() -> None:
        download(
            gateway, gateway.job("j-1"), target, lambda _: None, lambda: target.read_bytes() == server.audio
        )

    if came == "another":
        with pytest.raises(FileExistsError, match="meanwhile"):
            bring()
    else:
        bring()
    assert target.read_bytes() == theirs
    assert list(tmp_path.iterdir()) == [target]


def test_a_download_that_breaks_off_fetches_only_the_rest(
    gateway: Gateway, server: gateways.Gateway, tmp_path: Path
) -> None:
    server.breaks = [300_000, 300_000]
    fetch(gateway, server, tmp_path / "a.mp3")
    assert (tmp_path / "a.mp3").read_bytes() == server.audio
    assert server.ranges == [None, "bytes=300000-", "bytes=600000-"]


def test_a_download_begins_again_when_the_gateway_has_other_bytes_meanwhile(
    gateway: Gateway, server: gateways.Gateway, tmp_path: Path
) -> None:
    server.breaks = [300_000]
    server.settled.set()
    job = gateway.job("j-1")

    def change(done: int) -> None:
        if done == 300_000:
            server.etag = '"two"'

    download(gateway, job, tmp_path / "a.mp3", change, lambda: True)
    assert server.ranges == [None, "bytes=300000-"]
    assert (tmp_path / "a.mp3").read_bytes() == server.audio


def test_a_download_waits_for_a_gateway_that_is_away_for_a_moment(
    gateway: Gateway, server: gateways.Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(done: int) -> None:
        server.away = done == 300_000

    def pause(_: float) -> None:
        server.away = server.turned_away < 2

    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))
    server.settled.set()
    server.breaks = [300_000]
    download(gateway, gateway.job("j-1"), tmp_path / "a.mp3", leave, lambda: False)
    assert (tmp_path / "a.mp3").read_bytes() == server.audio
    assert server.ranges == [None, "bytes=300000-"]


@pytest.mark.parametrize("trouble", ["breaks", "damaged"])
def test_a_download_that_fails_leaves_what_was_there(
    gateway: Gateway,
    server: gateways.Gateway,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.1)
    target = tmp_path / "a.mp3"
    target.write_bytes(b"old")
    if trouble == "breaks":
        server.breaks = [1000] + [0] * 10
    else:
        server.damaged = True
    with pytest.raises((Unreachable, DownloadDamaged)):
        fetch(gateway, server, target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_gateway_that_is_away_is_named() -> None:
    with Gateway("http://127.0.0.1:1") as client, pytest.raises(Unreachable) as caught:
        client.sign_in(EMAIL, lambda: PASSWORD)
    assert str(caught.value) == "http://127.0.0.1:1 cannot be reached: connection refused"


def test_a_refresh_token_is_used_once_however_many_ask_at_a_time(
    server: gateways.Gateway, tmp_path: Path
) -> None:
    """The server refuses a token that is shown twice, and each would then sign in anew."""

    def ask(_: int) -> str:
        with Gateway(server.url, Kept(tmp_path / "session.json")) as client:
            client.sign_in(EMAIL, lambda: PASSWORD)
            return client.job("j-1").state

    with ThreadPoolExecutor(8) as pool:
        ask(0)
        server.expires_in = 0  # each token is over when it comes
        server.expire_tokens()
        assert list(pool.map(ask, range(8))) == ["uploaded"] * 8
    assert server.sign_ins == 1
    assert len({shown for _, shown in server.refreshes}) == len(server.refreshes)


def test_a_kept_token_that_is_refused_costs_an_upload_nothing(
    server: gateways.Gateway, video: Path, tmp_path: Path
) -> None:
    with Gateway(server.url, Kept(tmp_path / "session.json")) as client:
        client.sign_in(EMAIL, lambda: PASSWORD)
        server.expire_tokens()
        assert client.upload(video, lambda _: None) == "j-1"
    assert len(server.uploads) == 1
    assert server.refreshes == [("/refresh", "refresh")]


@pytest.mark.parametrize("found", [b"", b"{", b"[]"])
def test_a_session_that_cannot_be_read_is_begun_again(
    server: gateways.Gateway, tmp_path: Path, found: bytes
) -> None:
    (tmp_path / "session.json").write_bytes(found)
    with Gateway(server.url, Kept(tmp_path / "session.json")) as client:
        client.sign_in(EMAIL, lambda: PASSWORD)
        assert client.job("j-1").state == "uploaded"
    assert server.sign_ins == 1


def test_a_disk_that_takes_no_session_ends_no_work(
    server: gateways.Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("tempfile.mkstemp", full)
    with Gateway(server.url, Kept(tmp_path / "session.json")) as client:
        client.sign_in(EMAIL, lambda: PASSWORD)
        assert client.job("j-1").state == "uploaded"
    monkeypatch.undo()
    with Gateway(server.url, Kept(tmp_path / "session.json")) as client:
        client.sign_in(EMAIL, lambda: PASSWORD)
    assert server.sign_ins == 2


def test_a_session_that_cannot_be_kept_ends_with_its_command(
    server: gateways.Gateway, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with Gateway(server.url, Kept(tmp_path / "file" / "session.json")) as client:
        client.sign_in(EMAIL, lambda: PASSWORD)
    assert server.refreshes == [("/logout", "refresh")]
