"""What is known of a system, as it becomes by news."""

from datetime import timedelta

import msgspec

from cli.top.answers import AnyJobs, Event, Overview
from cli.top.model import Model
from cli.top.needs import needs
from cli.top.news import Away, Heard, Looked, Met
from tests.cli.top import pictures
from tests.cli.top.pictures import NOON, event, failed, job_id, overview


def heard(model: Model, type_: str, n: int, ago: float = 1, **data: object) -> None:
    told = event(len(model.events), type_, job_id(n), ago, **data)
    model.take(Heard(msgspec.convert(told, Event)))


def sentences(**changes: object) -> list[str]:
    return list(needs(msgspec.convert(overview() | changes, Overview), NOON))


def test_a_failure_that_is_told_twice_is_one_and_a_retry_that_went_well_is_none() -> None:
    model = Model("here")
    model.take(Met(msgspec.convert({"items": [failed(1, "no_audio", "No sound.", 60)]}, AnyJobs).items))
    heard(model, "job.failed", 101, ago=60, run=1, code="no_audio", message="No sound.")
    heard(model, "job.retrying", 2, run=1, reason="OSError()")
    heard(model, "job.retrying", 3, run=1, reason="OSError()")
    heard(model, "job.converted", 3, run=1)
    assert [(each.what, each.reason) for each in model.failures()] == [
        ("retrying", "OSError()"),
        ("no_audio", "No sound."),
    ]
    heard(model, "job.failed", 2, ago=0, run=1, code="internal", message="It may work later.")
    assert [each.what for each in model.failures()] == ["internal", "no_audio"]


def test_a_delivery_that_fails_is_a_failure_until_it_arrives() -> None:
    model = Model("here")
    heard(model, "hook.delivery_failed", 1, delivery_id="d", code="refused", again_in=5.0)
    [failure] = model.failures()
    assert (failure.what, failure.is_of_job, failure.passes) == ("hook refused", False, True)
    heard(model, "hook.delivered", 1, delivery_id="d")
    assert model.failures() == []


def test_failures_that_are_equal_are_one_with_their_number_and_push_no_job_out() -> None:
    model = Model("here")
    heard(model, "job.failed", 7, ago=900, run=1, code="no_audio", message="No sound.")
    for n in range(300):
        heard(model, "hook.delivery_failed", 1, ago=300 - n, delivery_id=str(n), code="status", status=500)
    hook, job = model.failures()
    assert (hook.what, hook.reason, hook.times) == ("hook status", "it answered 500", 199)
    assert (job.what, job.times) == ("no_audio", 1)
    assert hook.time == NOON - timedelta(seconds=1)


def test_a_job_is_called_by_its_file_as_soon_as_anybody_has_told_of_it() -> None:
    model = Model("here")
    assert model.name(job_id(1)) == "…00001eef"
    heard(model, "job.uploaded", 1, filename="talk.mp4")
    assert model.name(job_id(1)) == "talk.mp4"


def test_work_is_shown_with_conversions_first_and_then_by_its_beginning() -> None:
    told = overview(busy=2)
    mail = pictures.work(9) | {"queue": "letters"}
    told["workers"].insert(0, pictures.worker("notifier", "n", 1, [mail]))
    model = Model("here")
    model.take(Looked(NOON, msgspec.convert(told, Overview)))
    assert [(each.kind, each.is_of_job) for each in model.tasks()] == [
        ("converter", True),
        ("converter", True),
        ("notifier", False),
    ]
    assert model.tasks()[0].work.since < model.tasks()[1].work.since


def test_a_gateway_that_is_away_is_away_since_its_first_silence_until_it_answers() -> None:
    model = pictures.busy()
    model.take(Away(NOON, "refused"))
    model.take(Away(NOON + timedelta(seconds=9), "no route"))
    assert model.away == Away(NOON, "no route")
    model.take(Looked(NOON, msgspec.convert(overview(), Overview)))
    assert model.away is None


def test_a_system_that_is_well_needs_nobody() -> None:
    assert sentences() == []


def test_what_needs_somebody_is_said_in_sentences() -> None:
    assert sentences(workers=[]) == ["No converter is alive. Jobs wait until one is."]
    assert sentences(listening_since=None, workers=[]) == []
    assert sentences(listening_since=pictures.time(2), workers=[]) == []  # it has only begun to listen
    assert sentences(checks={"publisher": "the broker is away", "tail": "the log is not followed"}) == [
        "The broker: the broker is away."
    ]
    parked = [{"name": "video", "parked": 2}]
    assert sentences(queues=parked) == ["2 pieces of work were given up."]
    given_up = msgspec.convert(overview(queues=[{"name": "video", "parked": 1}]), Overview)
    told = needs(given_up, NOON, ["OSError(28)"])
    assert list(told) == ["1 piece of work was given up: OSError(28)."]
    unseen = {"name": "rabbit@b", "free": None, "low": 50, "alarms": ["disk"]}
    assert sentences(disks=[unseen]) == ["The broker at rabbit@b lacks disk: nobody can publish."]
    disk = {"name": "rabbit@a", "free": 40, "low": 50, "alarms": ["disk"]}
    assert sentences(disks=[disk]) == [
        "The broker at rabbit@a lacks disk: nobody can publish.",
        "The disk of rabbit@a is nearly full: 40 bytes are free.",
    ]
