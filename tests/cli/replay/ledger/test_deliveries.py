"""Deliveries to webhooks in the ledger of effects."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace

from cli.replay.ledger.deliveries import Delivery, Told, of_delivery, told
from cli.replay.ledger.effects import Moment, Verdict
from events.envelope import fact
from events.types import DeliveryFailure, HookDelivered, HookDeliveryFailed, HookRequested

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
ASKED = HookRequested(delivery_id="d", about="job.converted", event_id="e", job_id="j")
ACCEPTED = HookDelivered(delivery_id="d", attempt=2, status=200)


def failed(attempt: int, again_in: float | None) -> HookDeliveryFailed:
    return HookDeliveryFailed(delivery_id="d", attempt=attempt, code=DeliveryFailure.TLS, again_in=again_in)


def story(*payloads: Told) -> Delivery:
    delivery: Delivery | None = None
    for each in payloads:
        event = replace(fact(each, subject="h", account="a", source="test"), time=NOON)
        delivery = told(delivery, event, each)
    assert delivery
    return delivery


def verdict(after: timedelta, *payloads: Told) -> Verdict:
    return of_delivery(story(*payloads), Moment(now=NOON + after, grace=timedelta(minutes=10))).verdict


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([ASKED, ACCEPTED], Verdict.DONE),
        ([ASKED, failed(1, 5), ACCEPTED], Verdict.DONE),
        ([ASKED, failed(1, 5), failed(2, None)], Verdict.ANSWERED),
        ([ASKED], Verdict.NEVER),
        ([ASKED, failed(1, 5)], Verdict.NEVER),
        ([ASKED, failed(1, 7200)], Verdict.OPEN),
    ],
)
def test_a_delivery_is_accepted_given_up_or_still_to_come(told: list[Told], expected: Verdict) -> None:
    for order in permutations([*told, told[0]]):
        assert verdict(timedelta(hours=1), *order) is expected


def test_what_was_asked_for_a_moment_ago_may_still_come() -> None:
    assert verdict(timedelta(minutes=5), ASKED) is Verdict.OPEN
    assert of_delivery(story(ASKED, ACCEPTED), Moment(now=NOON, grace=timedelta())).attempts == (2,)
