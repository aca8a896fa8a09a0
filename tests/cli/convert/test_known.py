from typing import Any

import msgspec
import pytest

from cli.client.answers import Audio, Failure, Job, Video
from cli.client.gateway import Gateway
from cli.convert.known import Step, Turns, decided, jobs_known
from events.options import Options, Tags
from tests.cli import gateways

ASKED = msgspec.to_builtins(Options(partial=True)) | {"format": "mp3", "start": 0.0, "tags": {"title": None}}


def job(
    job_id: str = "one", *, audio: str | None = "a", done: bool = True, removed: bool = False, **options: Any
) -> Job:
    return Job(
        job_id,
        "notified" if done else "converting",
        done,
        video=Video(5, "v", "2026-11-30T10:00:00Z" if removed else None),
        audio=Audio("/jobs/one/audio", 3, 1.0, audio) if audio else None,
        options=msgspec.to_builtins(Options(partial=True, **options)),
    )


def test_audio_that_lies_where_it_should_needs_nothing() -> None:
    assert decided([job()], ASKED, "a").step is Step.NOTHING


def test_audio_that_was_made_is_downloaded_the_latest_first() -> None:
    assert decided([job("new"), job("old")], ASKED, None) == (Step.DOWNLOAD, job("new"))
    assert decided([job()], ASKED, "another file").step is Step.DOWNLOAD


def test_audio_that_is_being_made_is_waited_for() -> None:
    assert decided([job(audio=None, done=False)], ASKED, None).step is Step.FOLLOW


@pytest.mark.parametrize(
    "options", [{"start": 5.0}, {"tags": Tags(title="")}, {"copy": False}, {"quality": "V0"}], ids=str
)
def test_other_options_make_another_output_of_the_stored_video(options: dict[str, Any]) -> None:
    assert decided([job(**options)], ASKED, "a") == (Step.CONVERT, job(**options))


def test_what_failed_is_converted_anew_without_an_upload() -> None:
    assert decided([job(audio=None)], ASKED, None).step is Step.CONVERT


@pytest.mark.parametrize(
    ("code", "step"), [("no_audio", Step.FAILED), ("not_media", Step.FAILED), ("internal", Step.CONVERT)]
)
def test_what_would_fail_again_is_not_tried(code: str, step: Step) -> None:
    failed = msgspec.structs.replace(job(audio=None), error=Failure(code, "No sound."))
    assert decided([failed], ASKED, None).step is step
    assert decided([failed], {**ASKED, "start": 5.0}, None).step is Step.CONVERT
    assert decided([failed, job("old")], ASKED, None).step is Step.DOWNLOAD


def test_a_video_that_was_let_go_of_is_uploaded_but_its_audio_still_counts() -> None:
    assert decided([job(removed=True)], ASKED, None).step is Step.DOWNLOAD
    assert decided([job(removed=True, start=5.0)], ASKED, None).step is Step.UPLOAD
    assert decided([], ASKED, "a").step is Step.UPLOAD


def test_an_option_that_only_the_gateway_knows_counts() -> None:
    """Its default is not known here, so that what is alike may be converted once more, and never left out."""
    assert decided([job()], {**ASKED, "reverb": 0.0}, None).step is Step.CONVERT


def test_a_job_that_a_list_lacks_yet_is_known_to_the_copy_that_comes_after(server: gateways.Gateway) -> None:
    server.lists_nothing = True
    turns = Turns()
    with Gateway(server.url) as gateway:
        gateway.sign_in(gateways.EMAIL, lambda: gateways.PASSWORD)
        with turns.of("hash") as begun:
            assert jobs_known(gateway, "hash", begun) == []
            begun.append("j-1")
        with turns.of("hash") as begun:
            assert [job.job_id for job in jobs_known(gateway, "hash", begun)] == ["j-1"]
